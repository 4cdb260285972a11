package io.github.neuronembed.cli.bench.measure;

import io.github.neuronembed.EmbeddingException;
import io.github.neuronembed.backend.ExecutionSlot;
import io.github.neuronembed.backend.FirstFit;
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
import java.util.List;
import java.util.Map;

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

  /** Places the rows from an index on, as many as fit; returns how many. */
  private static int place(List<TokenRow> rows, int from, FirstFit fit) {
    fit.clear();
    int next = from;
    while (next < rows.size() && fit.place(rows.get(next).length())) {
      next++;
    }
    return fit.texts();
  }

  private List<float[]> vectors(InferenceBackend backend, Shape shape, List<TokenRow> rows) {
    List<float[]> vectors = new ArrayList<>();
    try (ExecutionSlot slot = backend.replicas().get(0).newSlot(shape)) {
      FirstFit fit = new FirstFit(shape);
      for (int from = 0; from < rows.size(); from += fit.texts()) {
        List<TokenRow> batch = rows.subList(from, from + place(rows, from, fit));
        slot.tokens()
            .begin(batch.size(), batch.stream().mapToInt(TokenRow::length).max().orElseThrow());
        batch.forEach(row -> slot.tokens().row(row.ids(), row.firstLength()));
        slot.tokens().finish();
        slot.execute();
        for (int row = 0; row < batch.size(); row++) {
          vectors.add(reader.read(slot.tokens(), slot.output(), row));
        }
      }
    }
    return vectors;
  }
}
