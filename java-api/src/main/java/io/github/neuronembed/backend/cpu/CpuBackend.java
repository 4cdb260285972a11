package io.github.neuronembed.backend.cpu;

import io.github.neuronembed.BackendUnavailableException;
import io.github.neuronembed.backend.HostBackend;
import io.github.neuronembed.backend.HostSlot;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.encoder.EncoderBatch;
import io.github.neuronembed.encoder.EncoderException;
import io.github.neuronembed.encoder.EncoderModel;
import io.github.neuronembed.encoder.EncoderPrecision;
import java.util.Locale;

/**
 * A model on the native core's own encoder: replicas share the weights, slots compute in parallel,
 * and shapes are upper bounds. A batch's texts are computed end to end, without padding.
 */
public final class CpuBackend extends HostBackend {

  private final EncoderModel model;
  private final int padTokenId;
  private final SessionPool sessions;

  private CpuBackend(EncoderModel model, CpuOptions options, int padTokenId) {
    super("encoder", options.shapes(), options.replicas(), options.threads());
    this.model = model;
    this.padTokenId = padTokenId;
    this.sessions =
        new SessionPool(
            model,
            options.shapes().stream().mapToInt(Shape::tokens).max().orElseThrow(),
            options.shapes().stream().mapToInt(Shape::batchSize).max().orElseThrow(),
            options.threads());
  }

  /**
   * Opens a prepared model, or prepares it first.
   *
   * @param models where prepared models are kept
   * @param source the model and what it is prepared with
   * @throws BackendUnavailableException if the native core cannot be loaded, the processor lacks
   *     features that its kernels need, the model is not supported, its vectors differ too much
   *     from those of the reference, or the prepared file cannot be written; the message says which
   * @throws io.github.neuronembed.ModelLoadException if the model has no float32 ONNX file that is
   *     whole
   */
  public static CpuBackend open(PreparedEncoders models, EncoderSource source, CpuOptions options) {
    EncoderModel model = models.open(source, CpuKernels.chosen());
    try {
      int longest = options.shapes().stream().mapToInt(Shape::sequenceLength).max().orElseThrow();
      if (longest > model.positions()) {
        throw new BackendUnavailableException(
            "the model has positions for %s tokens, and texts may have %s."
                .formatted(model.positions(), longest));
      }
      return new CpuBackend(model, options, source.model().padTokenId());
    } catch (RuntimeException | Error e) {
      model.close();
      throw e;
    }
  }

  /** Names precision, kernel and threads: {@code encoder exact (int16), avx2, 1 thread}. */
  @Override
  public String description() {
    return "own encoder %s (%s, kernel %s, %s)"
        .formatted(
            model.precision().name().toLowerCase(Locale.ROOT),
            model.precision() == EncoderPrecision.EXACT
                ? "int16 products"
                : "int8 products, a scale a token",
            model.kernel(),
            threads());
  }

  @Override
  public boolean pools() {
    return true;
  }

  @Override
  public int hiddenSize() {
    return model.hiddenSize();
  }

  @Override
  protected HostSlot newSlot(int replica, Shape shape, Runnable whenClosed) {
    try {
      // A lack of memory shows here, not at the first execution.
      sessions.giveBack(sessions.lend());
      return new CpuSlot(shape, model.hiddenSize(), padTokenId, sessions, whenClosed);
    } catch (OutOfMemoryError | ArithmeticException e) {
      throw CpuErrors.noMemory(
          shape,
          "raise -XX:MaxDirectMemorySize above %s bytes"
              .formatted(
                  EncoderBatch.bytes(
                      model.hiddenSize(), shape.batchSize(), shape.sequenceLength())),
          e);
    } catch (EncoderException e) {
      throw CpuErrors.noMemory(shape, "free some", e);
    }
  }

  @Override
  protected void unload() {
    sessions.close();
    model.close();
  }
}
