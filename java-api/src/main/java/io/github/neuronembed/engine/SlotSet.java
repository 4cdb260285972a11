package io.github.neuronembed.engine;

import io.github.neuronembed.NotFiniteException;
import io.github.neuronembed.backend.ExecutionSlot;
import io.github.neuronembed.backend.Replica;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.StageTimes;
import io.github.neuronembed.backend.TokenBatch;
import io.github.neuronembed.engine.queue.Batch;
import io.github.neuronembed.engine.queue.Request;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The resources of one execution at a time on one core: a slot of the backend for each shape. Used
 * by the holder of the lease, one thread at a time.
 */
final class SlotSet implements AutoCloseable {

  private final List<ExecutionSlot> slots = new ArrayList<>();
  private final VectorReader reader;

  private SlotSet(VectorReader reader) {
    this.reader = reader;
  }

  static SlotSet open(Replica replica, List<Shape> shapes, VectorReader reader) {
    SlotSet set = new SlotSet(reader);
    try {
      for (Shape shape : shapes) {
        set.slots.add(replica.newSlot(shape));
      }
      return set;
    } catch (RuntimeException | Error e) {
      try {
        set.close();
      } catch (RuntimeException | Error further) {
        e.addSuppressed(further);
      }
      throw e;
    }
  }

  /**
   * Executes a lease's batch and stores the result in the lease; the requests have their vectors.
   *
   * @return what happened
   */
  EngineListener.Execution execute(Lease lease) {
    long start = System.nanoTime();
    Batch batch = lease.batch;
    ExecutionSlot slot = slot(batch.shape());
    TokenBatch tokens = slot.tokens();
    tokens.begin(batch.rows(), batch.longest());
    for (int i = 0; i < batch.size(); i++) {
      Request request = batch.request(i);
      for (int row = 0; row < request.rows.length; row++) {
        tokens.row(request.rows[row], request.firstLength(row));
      }
    }
    tokens.finish();
    slot.execute();
    boolean spoiled = false;
    int at = 0;
    for (int i = 0; i < batch.size(); i++) {
      Request request = batch.request(i);
      for (int row = 0; row < request.rows.length; row++) {
        float[] vector = reader.read(tokens, slot.output(), at++);
        request.vector(row, vector);
        // No other code checks every vector that leaves the engine.
        if (request.group().counted && !isFinite(vector)) {
          request.spoiled = true;
          spoiled = true;
        }
      }
    }
    StageTimes times = slot.stageTimes();
    int computed = tokens.batchSize() * tokens.sequenceLength();
    long nanos = System.nanoTime() - start;
    Execution execution =
        new Execution(
            lease.slot.core.index(),
            batch.shape(),
            batch.rows(),
            batch.tokens(),
            computed,
            times.writeNanos(),
            times.executeNanos(),
            times.readNanos(),
            nanos);
    lease.succeeded(execution.writeNanos(), nanos, computed, spoiled ? notFinite(execution) : null);
    return execution;
  }

  private ExecutionSlot slot(Shape shape) {
    for (ExecutionSlot slot : slots) {
      if (slot.shape().equals(shape)) {
        return slot;
      }
    }
    throw new IllegalArgumentException("No slot of shape %s.".formatted(shape));
  }

  private static boolean isFinite(float[] vector) {
    // The exponent of a non-finite value is all ones: the sum's sign bit shows it, and stays set.
    int bits = 0;
    for (float x : vector) {
      bits |= (Float.floatToRawIntBits(x) & 0x7f80_0000) + 0x0080_0000;
    }
    return bits >= 0;
  }

  private static NotFiniteException notFinite(Execution execution) {
    return new NotFiniteException(
        ("The model returned a vector with a non-finite value (core %s, shape %s)."
                + " Verify the model's files; compile a NEFF again.")
            .formatted(execution.core(), execution.shape()),
        null);
  }

  private record Execution(
      int core,
      Shape shape,
      int rows,
      int tokens,
      int computedTokens,
      long writeNanos,
      long executeNanos,
      long readNanos,
      long totalNanos)
      implements EngineListener.Execution {}

  /** Closes every slot, even if closing one of them fails. */
  @Override
  public void close() {
    Throwable first = null;
    for (ExecutionSlot slot : slots) {
      try {
        slot.close();
      } catch (RuntimeException | Error e) {
        if (first == null) {
          first = e;
        } else {
          first.addSuppressed(e);
        }
      }
    }
    slots.clear();
    rethrow(first);
  }

  private static void rethrow(@Nullable Throwable failure) {
    if (failure instanceof RuntimeException e) {
      throw e;
    }
    if (failure instanceof Error e) {
      throw e;
    }
  }
}
