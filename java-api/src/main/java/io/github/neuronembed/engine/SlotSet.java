package io.github.neuronembed.engine;

import io.github.neuronembed.backend.ExecutionSlot;
import io.github.neuronembed.backend.InferenceBackend;
import io.github.neuronembed.backend.Replica;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.TokenBatch;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What one execution at a time needs on one core: a slot for each shape. Used by one thread at a
 * time; the engine's lock hands it over.
 */
final class SlotSet implements AutoCloseable {

  final Core core;
  private final Map<Shape, ExecutionSlot> slots = new HashMap<>();
  private final VectorReader reader;

  private SlotSet(Core core, VectorReader reader) {
    this.core = core;
    this.reader = reader;
  }

  static SlotSet open(InferenceBackend backend, Core core, VectorReader reader) {
    SlotSet set = new SlotSet(core, reader);
    Replica replica = core.replica;
    try {
      for (Shape shape : backend.shapes()) {
        set.slots.put(shape, replica.newSlot(shape));
      }
      return set;
    } catch (RuntimeException e) {
      set.close();
      throw e;
    }
  }

  /**
   * Executes requests as one batch and hands every one its vectors.
   *
   * @return tokens that were computed, padding included
   */
  int execute(Shape shape, List<Request> batch, float[][][] vectors) {
    ExecutionSlot slot = slots.get(shape);
    if (slot == null) {
      throw new IllegalArgumentException("No slot of shape %s.".formatted(shape));
    }
    int rows = 0;
    int longest = 0;
    for (Request request : batch) {
      rows += request.rows.length;
      for (int[] row : request.rows) {
        longest = Math.max(longest, row.length);
      }
    }
    TokenBatch tokens = slot.tokens();
    tokens.begin(rows, longest);
    for (Request request : batch) {
      for (int[] row : request.rows) {
        tokens.row(row);
      }
    }
    tokens.finish();
    slot.execute();
    int at = 0;
    for (int i = 0; i < vectors.length; i++) {
      vectors[i] = new float[batch.get(i).rows.length][];
      for (int k = 0; k < vectors[i].length; k++) {
        vectors[i][k] = reader.read(tokens, slot.output(), at++);
      }
    }
    return tokens.batchSize() * tokens.sequenceLength();
  }

  @Override
  public void close() {
    slots.values().forEach(ExecutionSlot::close);
    slots.clear();
  }
}
