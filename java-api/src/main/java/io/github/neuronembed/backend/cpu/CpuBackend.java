package io.github.neuronembed.backend.cpu;

import io.github.neuronembed.BackendUnavailableException;
import io.github.neuronembed.backend.ExecutionSlot;
import io.github.neuronembed.backend.InferenceBackend;
import io.github.neuronembed.backend.Replica;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.encoder.EncoderBatch;
import io.github.neuronembed.encoder.EncoderException;
import io.github.neuronembed.encoder.EncoderModel;
import io.github.neuronembed.encoder.EncoderPrecision;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.IntStream;

/**
 * A model on the native core's own encoder: replicas share the weights, slots compute in parallel,
 * and shapes are upper bounds. A batch's texts are computed end to end, without padding.
 */
public final class CpuBackend implements InferenceBackend {

  private final EncoderModel model;
  private final CpuOptions options;
  private final SessionPool sessions;
  private final List<Replica> replicas;
  private final ReentrantLock lifecycle = new ReentrantLock();
  private int openSlots;
  private boolean closed;

  private CpuBackend(EncoderModel model, CpuOptions options, int padTokenId) {
    this.model = model;
    this.options = options;
    this.sessions =
        new SessionPool(
            model,
            options.shapes().stream().mapToInt(Shape::tokens).max().orElseThrow(),
            options.shapes().stream().mapToInt(Shape::batchSize).max().orElseThrow(),
            options.threads());
    this.replicas =
        IntStream.range(0, options.replicas())
            .<Replica>mapToObj(index -> new EncoderReplica(index, padTokenId))
            .toList();
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
    return "own encoder %s (%s, kernel %s, %s %s)"
        .formatted(
            model.precision().name().toLowerCase(Locale.ROOT),
            model.precision() == EncoderPrecision.EXACT
                ? "int16 products"
                : "int8 products, a scale a token",
            model.kernel(),
            options.threads(),
            options.threads() == 1 ? "thread" : "threads");
  }

  @Override
  public boolean emulated() {
    return false;
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
  public List<Shape> shapes() {
    return options.shapes();
  }

  /** The number of executions, with this many threads each, that keeps all processors busy. */
  @Override
  public int slotsPerReplica() {
    return Math.max(1, Runtime.getRuntime().availableProcessors() / options.threads());
  }

  @Override
  public List<Replica> replicas() {
    return replicas;
  }

  @Override
  public void close() {
    lifecycle.lock();
    try {
      if (closed) {
        return;
      }
      if (openSlots > 0) {
        throw new IllegalStateException(
            "%s slots of the encoder are open: close them first.".formatted(openSlots));
      }
      closed = true;
      sessions.close();
      model.close();
    } finally {
      lifecycle.unlock();
    }
  }

  private void slotOpened() {
    lifecycle.lock();
    try {
      if (closed) {
        throw new IllegalStateException("The encoder is closed.");
      }
      openSlots++;
    } finally {
      lifecycle.unlock();
    }
  }

  private void slotClosed() {
    lifecycle.lock();
    try {
      openSlots--;
    } finally {
      lifecycle.unlock();
    }
  }

  private final class EncoderReplica implements Replica {
    private final int index;
    private final int padTokenId;

    EncoderReplica(int index, int padTokenId) {
      this.index = index;
      this.padTokenId = padTokenId;
    }

    @Override
    public int core() {
      return index;
    }

    @Override
    public ExecutionSlot newSlot(Shape shape) {
      if (!options.shapes().contains(shape)) {
        throw new IllegalArgumentException(
            "This backend serves no %s, only %s.".formatted(shape, options.shapes()));
      }
      slotOpened();
      try {
        // A lack of memory shows here, not at the first execution.
        sessions.giveBack(sessions.lend());
        return new CpuSlot(
            shape, model.hiddenSize(), padTokenId, sessions, CpuBackend.this::slotClosed);
      } catch (OutOfMemoryError | ArithmeticException e) {
        slotClosed();
        throw CpuErrors.noMemory(
            shape,
            "raise -XX:MaxDirectMemorySize above %s bytes"
                .formatted(
                    EncoderBatch.bytes(
                        model.hiddenSize(), shape.batchSize(), shape.sequenceLength())),
            e);
      } catch (EncoderException e) {
        slotClosed();
        throw CpuErrors.noMemory(shape, "free some", e);
      } catch (RuntimeException e) {
        slotClosed();
        throw e;
      }
    }
  }
}
