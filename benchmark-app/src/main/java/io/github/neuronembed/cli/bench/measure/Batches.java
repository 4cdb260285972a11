package io.github.neuronembed.cli.bench.measure;

import io.github.neuronembed.backend.ExecutionSlot;
import io.github.neuronembed.backend.FirstFit;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.TokenBatch;
import io.github.neuronembed.backend.TokenRow;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Divides rows into batches of a shape. A batch takes rows in order until one does not fit; that
 * row is the first of the next batch. Not thread-safe.
 */
final class Batches {

  private final FirstFit fit;
  private final List<TokenRow> batch = new ArrayList<>();

  /** The row that did not fit in the last batch. */
  private @Nullable TokenRow left;

  Batches(Shape shape) {
    this.fit = new FirstFit(shape);
  }

  /**
   * Takes the rows of the next batch.
   *
   * @param rows gives the next row, or null after the last; not called when no row can fit
   * @return the rows; empty after the last
   * @throws IllegalArgumentException if a row alone does not fit the shape
   */
  TokenRow[] next(Supplier<@Nullable TokenRow> rows) {
    fit.clear();
    batch.clear();
    TokenRow row = left == null ? rows.get() : left;
    left = null;
    while (row != null) {
      if (!fit.place(row.length())) {
        if (batch.isEmpty()) {
          throw new IllegalArgumentException(
              "A row of %s tokens does not fit the shape %s.".formatted(row.length(), fit.shape()));
        }
        left = row;
        break;
      }
      batch.add(row);
      row = fit.isFull() ? null : rows.get();
    }
    return batch.toArray(new TokenRow[0]);
  }

  /** Writes the rows of a batch into a slot, and executes them. */
  static void execute(ExecutionSlot slot, TokenRow[] rows) {
    int longest = 0;
    for (TokenRow row : rows) {
      longest = Math.max(longest, row.length());
    }
    TokenBatch tokens = slot.tokens();
    tokens.begin(rows.length, longest);
    for (TokenRow row : rows) {
      tokens.row(row.ids(), row.firstLength());
    }
    tokens.finish();
    slot.execute();
  }
}
