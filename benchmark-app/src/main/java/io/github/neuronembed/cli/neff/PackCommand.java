package io.github.neuronembed.cli.neff;

import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.neuron.EmulatedModels;
import io.github.neuronembed.cli.Command;
import io.github.neuronembed.cli.EmbedderArguments;
import io.github.neuronembed.cli.ExitCode;
import io.github.neuronembed.cli.Folders;
import io.github.neuronembed.cli.Streams;
import io.github.neuronembed.cli.UsageException;
import io.github.neuronembed.cli.models.ModelArgument;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.NeuronManifest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;

/** Makes emulated models of a model directory, for trying the device path without a device. */
public final class PackCommand implements Command {

  @Override
  public String name() {
    return "pack";
  }

  @Override
  public String summary() {
    return "Make emulated NEFFs of a model for given shapes. No device runs them.";
  }

  @Override
  public String arguments() {
    return "[options]";
  }

  @Override
  public Options options() {
    Options options = new Options();
    EmbedderArguments.addModelTo(options);
    options.addOption(
        Option.builder("s")
            .longOpt("shapes")
            .hasArg()
            .argName("BxS,BxSpK,...")
            .desc(
                "batch sizes and sequence lengths, for example 1x128,4x32; p and a number"
                    + " set the maximum number of texts per row, for example 1x512p64 (default"
                    + " 1x128)")
            .get());
    options.addOption(
        Option.builder("o")
            .longOpt("output")
            .hasArg()
            .argName("DIR")
            .desc(
                "folder for the NEFFs and manifest.json (default: neuron/ of the model"
                    + " directory, where --backend emulator finds them)")
            .get());
    options.addOption(
        Option.builder()
            .longOpt("raw")
            .desc("outputs are the last hidden state, not finished vectors")
            .get());
    options.addOption(
        Option.builder().longOpt("bfloat16").desc("outputs are bfloat16, not float32").get());
    options.addOption(Option.builder().longOpt("int64").desc("inputs are int64, not int32").get());
    options.addOption(
        Option.builder()
            .longOpt("hash")
            .desc("no weights: vectors are a hash of the ids, which costs no time")
            .get());
    return options;
  }

  @Override
  public int run(CommandLine arguments, Streams streams) throws IOException {
    requireOptionsOnly(arguments);
    String name = arguments.getOptionValue("model", ModelArgument.AT_HAND);
    List<Shape> shapes = shapes(arguments.getOptionValue("shapes", "1x128"));
    if (name.equals(ModelArgument.AT_HAND)
        && !Files.isDirectory(Path.of(name))
        && !arguments.hasOption("output")) {
      throw new UsageException(
          ("%s is the built-in model, which has no folder for the NEFFs: name one with"
                  + " --output.")
              .formatted(name));
    }
    ModelDirectory model = ModelArgument.resolve(name);
    for (Shape shape : shapes) {
      if (shape.sequenceLength() > model.maxTokens()) {
        throw new UsageException(
            "--shapes has %s, but %s takes at most %s tokens."
                .formatted(shape, model.name(), model.maxTokens()));
      }
    }
    Path folder =
        arguments.hasOption("output")
            ? Path.of(arguments.getOptionValue("output"))
            : Objects.requireNonNull(model.neuronManifestFile().getParent());
    Path manifest = folder.resolve("manifest.json");
    if (Files.exists(manifest) && !NeuronManifest.read(manifest).emulated()) {
      throw new UsageException(
          "%s describes models compiled for a device; choose another --output."
              .formatted(manifest));
    }
    EmulatedModels kind =
        new EmulatedModels(
            !arguments.hasOption("raw"),
            arguments.hasOption("bfloat16"),
            arguments.hasOption("int64"),
            !arguments.hasOption("hash"));
    Folders.make(folder);
    NeuronManifest packed;
    try {
      packed = kind.pack(model, shapes, folder);
    } catch (IllegalArgumentException e) {
      throw new UsageException(String.valueOf(e.getMessage()));
    }
    StringBuilder text = new StringBuilder();
    for (NeuronManifest.CompiledModel compiled : packed.models()) {
      text.append(folder.resolve(compiled.neff().getFileName())).append('\n');
    }
    text.append(manifest).append('\n');
    streams.out().write(text.toString().getBytes(StandardCharsets.UTF_8));
    streams.err().println("Emulated models: no device runs them.");
    return ExitCode.DONE;
  }

  private static List<Shape> shapes(String argument) {
    List<Shape> shapes = new ArrayList<>();
    for (String part : argument.split(",", -1)) {
      Shape shape;
      try {
        shape = Shape.parse(part.strip());
      } catch (IllegalArgumentException e) {
        throw new UsageException("--shapes: " + e.getMessage());
      }
      if (!shapes.contains(shape)) {
        shapes.add(shape);
      }
    }
    return shapes;
  }
}
