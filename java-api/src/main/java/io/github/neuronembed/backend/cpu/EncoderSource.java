package io.github.neuronembed.backend.cpu;

import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.Precision;
import java.util.List;

/**
 * The sources from which a model is prepared for the encoder.
 *
 * @param model its directory, with a float32 ONNX file
 * @param precision {@link Precision#EXACT} or {@link Precision#INT8}
 * @param calibration token ids of texts: an eight-bit encoder takes its ranges from all of them,
 *     and every encoder is compared with the reference on some of them before it is used
 * @param reference the model's own float32 vectors
 */
public record EncoderSource(
    ModelDirectory model, Precision precision, List<int[]> calibration, Reference reference) {

  /**
   * Checks.
   *
   * @throws IllegalArgumentException if the encoder has no such precision, or there is no text
   */
  public EncoderSource {
    if (precision != Precision.EXACT && precision != Precision.INT8) {
      throw new IllegalArgumentException(
          "The encoder of the native core computes exact or int8, not %s: ONNX Runtime computes"
                  .formatted(precision)
              + " fp32.");
    }
    if (calibration.isEmpty()) {
      throw new IllegalArgumentException("There is no text to calibrate with.");
    }
    calibration = List.copyOf(calibration);
  }

  /** Computes the vectors of a model with its own graph. */
  @FunctionalInterface
  public interface Reference {

    /**
     * Embeds texts.
     *
     * @param texts token ids
     * @return a vector for each
     */
    List<float[]> vectors(List<int[]> texts);
  }
}
