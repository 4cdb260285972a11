package io.github.neuronembed.cli.models;

import io.github.neuronembed.cli.Command;
import io.github.neuronembed.cli.EmbedderArguments;
import io.github.neuronembed.cli.ExitCode;
import io.github.neuronembed.cli.Streams;
import io.github.neuronembed.cli.UsageException;
import io.github.neuronembed.cli.ValueOption;
import io.github.neuronembed.model.graph.BertShape;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.Options;

/** Makes a model directory with random weights, to be measured in place of a real one. */
public final class MakeModelCommand implements Command {

  private enum Size {
    SMALL,
    BASE,
    LARGE;

    BertShape shape() {
      return switch (this) {
        case SMALL -> BertShape.BGE_SMALL;
        case BASE -> BertShape.BGE_BASE;
        case LARGE -> BertShape.BGE_LARGE;
      };
    }
  }

  @Override
  public String name() {
    return "make-model";
  }

  @Override
  public String summary() {
    return "Make a model with random weights, for timing only.";
  }

  @Override
  public String arguments() {
    return "[options]";
  }

  @Override
  public Options options() {
    Options options = new Options();
    ValueOption.addTo(
        options,
        "size",
        "SIZE",
        "size, that of a bge model: "
            + EmbedderArguments.names(Size.values())
            + " (default base; 133 MB, 436 MB and 1.3 GB)");
    ValueOption.addTo(options, "seed", "N", "the same number gives the same model (default 1)");
    ValueOption.addTo(
        options,
        "output-dir",
        "DIR",
        "where to make the folder random-bge-SIZE-en-v1.5 (default: here)");
    return options;
  }

  @Override
  public int run(CommandLine arguments, Streams streams) throws IOException {
    Size size = EmbedderArguments.choice(arguments, "size", Size.BASE, Size.values());
    requireOptionsOnly(arguments);
    // The name is in every report, where it must identify the measured model.
    Path folder =
        Path.of(arguments.getOptionValue("output-dir", ""))
            .resolve("random-bge-%s-en-v1.5".formatted(EmbedderArguments.name(size)));
    RandomModel.write(folder, size.shape(), seed(arguments), ModelAtHand.directory());
    streams.out().write((folder + "\n").getBytes(StandardCharsets.UTF_8));
    return ExitCode.DONE;
  }

  private static long seed(CommandLine arguments) {
    String given = arguments.getOptionValue("seed", "1");
    try {
      return Long.parseLong(given);
    } catch (NumberFormatException e) {
      throw new UsageException("--seed takes an integer, not '%s'.".formatted(given));
    }
  }
}
