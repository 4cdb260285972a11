package io.github.neuronembed.cli.verify;

import io.github.neuronembed.BackendChoice;
import io.github.neuronembed.model.JsonValue;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.Precision;
import java.nio.file.Files;

/**
 * The least cosine that counts as the same vector.
 *
 * @param cosine above 0, at most 1
 * @param reason what it is for
 */
record Threshold(double cosine, String reason) {

  /** Sums in another order leave about 1e-7. */
  static final double FP32 = 0.99999;

  /** Eight bits of mantissa in the weights, the activations or the output. */
  static final double BF16 = 0.999;

  /**
   * Weights and activations of eight bits: each model loses something else. The int8
   * bge-small-en-v1.5 that comes with the command line has 0.9604 at least and 0.9947 on average
   * over the golden texts on a CPU with AVX-512 VNNI. With mean pooling in place of CLS the model
   * has 0.775 at least and 0.914 on average.
   */
  static final double INT8 = 0.95;

  /** The encoder's eight bits have a scale for each token; a text without words is the furthest. */
  static final double ENCODER_INT8 = 0.998;

  private static final int MAX_MANIFEST_BYTES = 1 << 20;

  /** The one for a backend, from what it computes with. */
  static Threshold of(BackendChoice backend, Precision precision, ModelDirectory model) {
    if (backend == BackendChoice.CPU) {
      return precision == Precision.INT8
          ? new Threshold(ENCODER_INT8, "int8")
          : new Threshold(FP32, "exact");
    }
    if (backend == BackendChoice.ONNX) {
      return precision == Precision.INT8
          ? new Threshold(INT8, "int8")
          : new Threshold(FP32, "fp32");
    }
    return isBfloat16(model) ? new Threshold(BF16, "bf16") : new Threshold(FP32, "fp32");
  }

  private static boolean isBfloat16(ModelDirectory model) {
    if (!Files.isRegularFile(model.neuronManifestFile())) {
      return false;
    }
    return JsonValue.read(model.neuronManifestFile(), MAX_MANIFEST_BYTES)
        .require("models")
        .elements()
        .stream()
        .flatMap(compiled -> compiled.require("output").get("dtype").stream())
        .anyMatch(type -> type.string().equals("bfloat16"));
  }
}
