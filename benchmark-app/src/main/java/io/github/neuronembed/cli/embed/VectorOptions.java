package io.github.neuronembed.cli.embed;

import io.github.neuronembed.TextEmbedder;
import io.github.neuronembed.TextEmbedderBuilder;
import io.github.neuronembed.cli.EmbedderArguments;
import io.github.neuronembed.cli.UsageException;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.vectors.Int8Ranges;
import io.github.neuronembed.vectors.RangesFile;
import io.github.neuronembed.vectors.VectorEncoder;
import io.github.neuronembed.vectors.VectorType;
import java.io.IOException;
import java.nio.file.Path;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;
import org.jspecify.annotations.Nullable;

/**
 * In what form vectors are written: how many elements, and of what type.
 *
 * @param type of the elements
 * @param ranges of int8's elements; null for other types
 * @param dimensions elements of a vector; null for the model's own
 */
record VectorOptions(VectorType type, @Nullable Int8Ranges ranges, @Nullable Integer dimensions) {

  static void addTo(Options options) {
    options.addOption(
        Option.builder()
            .longOpt("output-dtype")
            .hasArg()
            .argName("TYPE")
            .desc(
                "type of the vectors' elements: "
                    + EmbedderArguments.names(VectorType.values())
                    + " (default float32); binary and ubinary have eight signs per byte")
            .get());
    options.addOption(
        Option.builder()
            .longOpt("dimensions")
            .hasArg()
            .argName("N")
            .desc("elements per vector, fewer than the model's, if the model was trained for it")
            .get());
    options.addOption(
        Option.builder()
            .longOpt("ranges")
            .hasArg()
            .argName("FILE")
            .desc("for int8: the range of each element, as --write-ranges wrote it")
            .get());
    options.addOption(
        Option.builder()
            .longOpt("write-ranges")
            .hasArg()
            .argName("FILE")
            .desc(
                "write the range of each element over these texts (a sample of your texts)"
                    + " as a NumPy file of float32 [2, N]")
            .get());
  }

  /**
   * Reads the arguments.
   *
   * @throws UsageException if they make no sense
   * @throws IOException if the file of ranges cannot be read
   */
  static VectorOptions of(CommandLine arguments) throws IOException {
    VectorType type =
        EmbedderArguments.choice(
            arguments, "output-dtype", VectorType.FLOAT32, VectorType.values());
    String ranges = arguments.getOptionValue("ranges");
    if (type == VectorType.INT8 && ranges == null) {
      throw new UsageException(
          "int8 vectors need the range of each element: compute it once, over some"
              + " thousand of your texts, with --write-ranges ranges.npy, and pass it with"
              + " --ranges ranges.npy.");
    }
    if (type != VectorType.INT8 && ranges != null) {
      throw new UsageException("--ranges goes with --output-dtype int8.");
    }
    return new VectorOptions(
        type,
        ranges == null ? null : RangesFile.read(Path.of(ranges)),
        dimensions(arguments.getOptionValue("dimensions")));
  }

  private static @Nullable Integer dimensions(@Nullable String given) {
    if (given == null) {
      return null;
    }
    try {
      return Integer.valueOf(given);
    } catch (NumberFormatException e) {
      throw new UsageException("--dimensions is a whole number, not '%s'.".formatted(given));
    }
  }

  /**
   * Sets the dimensions of an embedder.
   *
   * @throws UsageException if the model was not trained for them
   */
  TextEmbedderBuilder apply(ModelDirectory model, TextEmbedderBuilder builder) {
    if (dimensions == null) {
      return builder;
    }
    try {
      model.matryoshka().require(dimensions, model.name());
    } catch (IllegalArgumentException e) {
      throw new UsageException("--dimensions: " + e.getMessage());
    }
    return builder.dimensions(dimensions);
  }

  /**
   * What encodes the embedder's vectors.
   *
   * @throws UsageException if the ranges are for vectors of another dimension
   */
  VectorEncoder encoder(TextEmbedder embedder) {
    if (ranges == null) {
      return VectorEncoder.of(type);
    }
    if (ranges.dimension() != embedder.dimension()) {
      throw new UsageException(
          ("--ranges has the ranges of %s elements, but the vectors of %s have %s:"
                  + " compute the ranges with the same model and --dimensions.")
              .formatted(ranges.dimension(), embedder.modelName(), embedder.dimension()));
    }
    return VectorEncoder.int8(ranges);
  }
}
