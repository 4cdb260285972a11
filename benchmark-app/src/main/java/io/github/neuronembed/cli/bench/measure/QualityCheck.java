package io.github.neuronembed.cli.bench.measure;

import io.github.neuronembed.EmbeddingException;
import io.github.neuronembed.backend.ExecutionSlot;
import io.github.neuronembed.backend.InferenceBackend;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.TokenRow;
import io.github.neuronembed.cli.Vectors;
import io.github.neuronembed.cli.bench.load.Inputs;
import io.github.neuronembed.cli.bench.result.Cell;
import io.github.neuronembed.cli.bench.result.Quality;
import io.github.neuronembed.engine.VectorReader;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Compares a backend's vectors with a reference's, before a cell is measured. The reference
 * computes once for each sequence length, and is closed before any timing. Not thread-safe.
 */
public final class QualityCheck {

  /** Enough rows for several batches of different lengths, and few enough for a large model. */
  private static final int ROWS = 8;

  /** Opens the reference, or throws an {@link EmbeddingException} that says why there is none. */
  @FunctionalInterface
  public interface Reference {

    /** Opens it for rows one at a time, up to a length; the caller closes it. */
    InferenceBackend open(int sequenceLength);
  }

  private final Reference reference;
  private final VectorReader reader;
  private final Map<Integer, List<float[]>> expected = new HashMap<>();

  public QualityCheck(Reference reference, VectorReader reader) {
    this.reference = reference;
    this.reader = reader;
  }

  /**
   * Compares.
   *
   * @param inputs the rows; only the first ones are compared
   */
  public Quality of(InferenceBackend backend, Cell cell, Inputs inputs) {
    List<TokenRow> rows = new ArrayList<>();
    for (int row = 0; row < ROWS; row++) {
      rows.add(inputs.row(row));
    }
    List<float[]> right;
    try {
      right =
          expected.computeIfAbsent(
              cell.shape().sequenceLength(), length -> reference(length, rows));
    } catch (EmbeddingException e) {
      return Quality.skipped(String.valueOf(e.getMessage()));
    }
    List<float[]> vectors = vectors(backend, cell.shape(), rows);
    return new Quality(Vectors.leastCosine(vectors, right), ROWS, null);
  }

  private List<float[]> reference(int length, List<TokenRow> rows) {
    try (InferenceBackend backend = reference.open(length)) {
      return vectors(backend, new Shape(1, length), rows);
    }
  }

  private List<float[]> vectors(InferenceBackend backend, Shape shape, List<TokenRow> rows) {
    List<float[]> vectors = new ArrayList<>();
    try (ExecutionSlot slot = backend.replicas().get(0).newSlot(shape)) {
      Batches batches = new Batches(shape);
      Iterator<TokenRow> from = rows.iterator();
      Supplier<@Nullable TokenRow> next = () -> from.hasNext() ? from.next() : null;
      for (TokenRow[] batch = batches.next(next); batch.length > 0; batch = batches.next(next)) {
        Batches.execute(slot, batch);
        for (int row = 0; row < batch.length; row++) {
          vectors.add(reader.read(slot.tokens(), slot.output(), row));
        }
      }
    }
    return vectors;
  }
}
