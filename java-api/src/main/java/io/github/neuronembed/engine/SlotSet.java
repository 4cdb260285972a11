package io.github.neuronembed.engine;

import io.github.neuronembed.backend.ExecutionSlot;
import io.github.neuronembed.backend.InferenceBackend;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.StageTimes;
import io.github.neuronembed.backend.TokenBatch;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What one execution at a time needs on one core: a slot for each shape. Used by one thread at a
 * time; the engine's lock hands it over.
 */
final class SlotSet implements AutoCloseable {

  final Core core;
  private final Map<Shape, ExecutionSlot> slots = new HashMap<>();
  private final VectorReader reader;

  /** The requests of the execution under way; empty if there is none. Belongs to the lock. */
  List<Request> requests = List.of();

  /** When the execution under way was bound to the core, and how long it is expected to take. */
  long beganNanos;

  long expectedNanos;

  private @Nullable Shape shape;
  private @Nullable ExecutionSlot last;
  private int computedTokens;

  private SlotSet(Core core, VectorReader reader) {
    this.core = core;
    this.reader = reader;
  }

  static SlotSet open(InferenceBackend backend, Core core, VectorReader reader) {
    SlotSet set = new SlotSet(core, reader);
    try {
      for (Shape shape : backend.shapes()) {
        set.slots.put(shape, core.replica.newSlot(shape));
      }
      return set;
    } catch (RuntimeException | Error e) {
      set.close();
      throw e;
    }
  }

  void begin(Batch batch, long expected, long nowNanos) {
    requests = List.copyOf(batch.requests);
    shape = batch.shape();
    expectedNanos = expected;
    beganNanos = nowNanos;
  }

  void end() {
    requests = List.of();
  }

  Shape shape() {
    if (shape == null) {
      throw new IllegalStateException("No execution was begun.");
    }
    return shape;
  }

  /**
   * Executes the requests of a batch.
   *
   * @param vectors receives the vectors of every request
   */
  void execute(Batch batch, float[][][] vectors) {
    ExecutionSlot slot = slots.get(batch.shape());
    if (slot == null) {
      throw new IllegalArgumentException("No slot of shape %s.".formatted(batch.shape()));
    }
    last = null;
    TokenBatch tokens = slot.tokens();
    tokens.begin(batch.rows(), batch.longest());
    for (Request request : batch.requests) {
      for (int[] row : request.rows) {
        tokens.row(row);
      }
    }
    tokens.finish();
    slot.execute();
    int at = 0;
    for (int i = 0; i < vectors.length; i++) {
      vectors[i] = new float[batch.requests.get(i).rows.length][];
      for (int k = 0; k < vectors[i].length; k++) {
        vectors[i][k] = reader.read(tokens, slot.output(), at++);
      }
    }
    computedTokens = tokens.batchSize() * tokens.sequenceLength();
    last = slot;
  }

  /** Tokens that the last execution computed, padding included. */
  int computedTokens() {
    return computedTokens;
  }

  /** Nanoseconds of host-to-device transfer of the last execution; 0 if it failed. */
  long writeNanos() {
    return last == null ? 0 : last.stageTimes().writeNanos();
  }

  /** Times of the last execution, which went well. */
  StageTimes stageTimes() {
    if (last == null) {
      throw new IllegalStateException("The last execution failed.");
    }
    return last.stageTimes();
  }

  /** Closes every slot, also when one of them refuses. */
  @Override
  public void close() {
    RuntimeException first = null;
    for (ExecutionSlot slot : slots.values()) {
      try {
        slot.close();
      } catch (RuntimeException e) {
        if (first == null) {
          first = e;
        } else {
          first.addSuppressed(e);
        }
      }
    }
    slots.clear();
    if (first != null) {
      throw first;
    }
  }
}
