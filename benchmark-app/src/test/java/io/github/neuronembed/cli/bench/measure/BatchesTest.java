package io.github.neuronembed.cli.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.TokenRow;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class BatchesTest {

  private int taken;

  /** The lengths of the rows of each batch. */
  private List<List<Integer>> of(Shape shape, int... lengths) {
    Iterator<TokenRow> rows =
        IntStream.of(lengths).mapToObj(length -> TokenRow.of(new int[length])).iterator();
    Batches batches = new Batches(shape);
    return IntStream.range(0, lengths.length)
        .mapToObj(i -> batches.next(() -> next(rows)))
        .map(batch -> Arrays.stream(batch).map(TokenRow::length).toList())
        .takeWhile(batch -> !batch.isEmpty())
        .toList();
  }

  private @Nullable TokenRow next(Iterator<TokenRow> rows) {
    if (!rows.hasNext()) {
      return null;
    }
    taken++;
    return rows.next();
  }

  @Test
  void aPlainRowHasOneText() {
    assertThat(of(new Shape(2, 8), 8, 1, 3)).containsExactly(List.of(8, 1), List.of(3));
  }

  @Test
  void theRowThatDoesNotFitIsTheFirstOfTheNextBatch() {
    assertThat(of(new Shape(1, 8, 4), 3, 4, 5, 1, 1, 1, 2))
        .containsExactly(List.of(3, 4), List.of(5, 1, 1, 1), List.of(2));
  }

  @Test
  void aFullBatchTakesNoFurtherRow() {
    Batches batches = new Batches(new Shape(1, 8, 4));
    Iterator<TokenRow> rows =
        List.of(TokenRow.of(new int[5]), TokenRow.of(new int[3]), TokenRow.of(new int[1]))
            .iterator();

    assertThat(batches.next(() -> next(rows))).hasSize(2);
    assertThat(taken).isEqualTo(2);
  }

  @Test
  void aRowThatIsTooLongIsNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> of(new Shape(1, 8, 4), 3, 9))
        .withMessageContainingAll("9 tokens", "1×8");
  }
}
