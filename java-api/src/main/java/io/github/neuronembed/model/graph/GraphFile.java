package io.github.neuronembed.model.graph;

import io.github.neuronembed.model.CrossEncoderDirectory;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.Precision;
import java.nio.file.Path;
import java.util.function.Supplier;

/**
 * The ONNX file that ONNX Runtime runs for a model.
 *
 * @param path the model's own file, or the prepared one
 * @param prepared whether it is the prepared one, see {@link PreparedGraph}
 */
public record GraphFile(Path path, boolean prepared) {

  /**
   * The file for a model of texts. Prepares it first if it is wanted and does not exist yet, see
   * {@link PreparedGraphCache#fileFor(ModelDirectory, Precision)}.
   *
   * @param prepare whether a prepared file is wanted; the model's own file is used if it cannot be
   *     made
   * @throws io.github.neuronembed.ModelLoadException if the model has no file of this precision, or
   *     it is not whole
   */
  public static GraphFile of(ModelDirectory model, Precision precision, boolean prepare) {
    return of(
        model.onnxFile(precision),
        prepare,
        () -> PreparedGraphCache.ofUser().fileFor(model, precision));
  }

  /** The file for a cross-encoder, see {@link #of(ModelDirectory, Precision, boolean)}. */
  public static GraphFile of(CrossEncoderDirectory model, Precision precision, boolean prepare) {
    return of(
        model.transformer().onnxFile(precision),
        prepare,
        () -> PreparedGraphCache.ofUser().fileFor(model, precision));
  }

  private static GraphFile of(Path original, boolean prepare, Supplier<Path> prepared) {
    Path file = prepare ? prepared.get() : original;
    return new GraphFile(file, !file.equals(original));
  }
}
