package io.github.neuronembed.cli.bench;

import io.github.neuronembed.cli.bench.load.Inputs;
import io.github.neuronembed.cli.bench.load.Lengths;
import io.github.neuronembed.cli.bench.load.TextRows;
import io.github.neuronembed.cli.bench.load.TokenRows;
import io.github.neuronembed.cli.bench.result.Cell;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Makes the rows of each cell: random tokens, or texts. Opens the model's tokenizer for texts. */
final class Rows implements AutoCloseable {

  private static final long SEED = 1;

  private final BenchModel model;
  private final Lengths lengths;
  private final Texts texts;
  private BenchModel.@Nullable Tokenizer tokenizer;

  /**
   * Texts to carry instead of random tokens.
   *
   * @param name where they are from, for the reports
   * @param lines the texts; empty for random tokens
   * @param once whether each is used once
   */
  record Texts(String name, List<String> lines, boolean once) {}

  Rows(BenchModel model, Lengths lengths, Texts texts) {
    this.model = model;
    this.lengths = lengths;
    this.texts = texts;
  }

  /** The rows of a cell. */
  Inputs of(Cell cell) {
    int length = cell.shape().sequenceLength();
    return texts.lines().isEmpty()
        ? new TokenRows(lengths, length, model.transformer().vocabularySize(), model.pairs(), SEED)
        : new TextRows(texts.name(), texts.lines(), tokenizer()::row, length, texts.once());
  }

  private BenchModel.Tokenizer tokenizer() {
    if (tokenizer == null) {
      tokenizer = model.tokenizer();
    }
    return tokenizer;
  }

  @Override
  public void close() {
    if (tokenizer != null) {
      tokenizer.close();
    }
  }
}
