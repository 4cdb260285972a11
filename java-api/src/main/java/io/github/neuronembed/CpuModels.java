package io.github.neuronembed;

import io.github.neuronembed.backend.cpu.CpuBackend;
import io.github.neuronembed.backend.cpu.CpuOptions;
import io.github.neuronembed.backend.cpu.EncoderSource;
import io.github.neuronembed.backend.cpu.PreparedEncoders;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.Precision;
import io.github.neuronembed.tokenizer.CalibrationTexts;
import io.github.neuronembed.tokenizer.TextTokenizer;

/**
 * Models on the native core's encoder, prepared with the texts that ship with the library and
 * compared with ONNX Runtime's vectors before they are used for the first time.
 */
public final class CpuModels {

  private CpuModels() {}

  /**
   * Opens a model, see {@link CpuBackend#open}.
   *
   * @param tokenizer of the model; only used during the call
   * @param precision {@link Precision#EXACT} or {@link Precision#INT8}
   * @throws BackendUnavailableException if the encoder does not support it here; the message says
   *     why
   * @throws ModelLoadException if the model has no complete float32 ONNX file
   * @throws IllegalArgumentException if the encoder has no such precision
   */
  public static CpuBackend open(
      ModelDirectory model, TextTokenizer tokenizer, Precision precision, CpuOptions options) {
    return CpuBackend.open(
        PreparedEncoders.ofUser(),
        new EncoderSource(
            model,
            precision,
            CalibrationTexts.tokens(tokenizer),
            texts -> ReferenceVectors.of(model, texts)),
        options);
  }

  /** Opens a model, see {@link #open(ModelDirectory, TextTokenizer, Precision, CpuOptions)}. */
  public static CpuBackend open(ModelDirectory model, Precision precision, CpuOptions options) {
    try (TextTokenizer tokenizer = TextTokenizer.open(model)) {
      return open(model, tokenizer, precision, options);
    }
  }

  /**
   * Whether the encoder supports a model here. Prepares the model if this has not been done yet.
   *
   * @throws ModelLoadException if the model has no complete float32 ONNX file
   */
  public static boolean compute(ModelDirectory model, Precision precision) {
    try {
      open(model, precision, CpuOptions.forModel(model.maxTokens())).close();
      return true;
    } catch (BackendUnavailableException e) {
      return false;
    }
  }
}
