package io.github.neuronembed.cli.bench;

import io.github.neuronembed.InputType;
import io.github.neuronembed.cli.bench.load.Inputs;
import io.github.neuronembed.cli.bench.load.Lengths;
import io.github.neuronembed.cli.bench.load.TextRows;
import io.github.neuronembed.cli.bench.load.TokenRows;
import io.github.neuronembed.cli.bench.result.Cell;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.tokenizer.TextTokenizer;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Makes the rows of each cell: random tokens, or texts. Opens the model's tokenizer for texts. */
final class Rows implements AutoCloseable {

  private static final long SEED = 1;

  private final ModelDirectory model;
  private final Lengths lengths;
  private final Texts texts;
  private @Nullable TextTokenizer tokenizer;

  /**
   * Texts to carry instead of random tokens.
   *
   * @param name where they are from, for people
   * @param lines the texts; empty for random tokens
   * @param once whether each is carried once
   */
  record Texts(String name, List<String> lines, boolean once) {}

  Rows(ModelDirectory model, Lengths lengths, Texts texts) {
    this.model = model;
    this.lengths = lengths;
    this.texts = texts;
  }

  /** The rows of a cell. */
  Inputs of(Cell cell) {
    int length = cell.shape().sequenceLength();
    return texts.lines().isEmpty()
        ? new TokenRows(lengths, length, model.vocabularySize(), SEED)
        : new TextRows(texts.name(), texts.lines(), tokenizer(), length, texts.once());
  }

  private Function<String, int[]> tokenizer() {
    if (tokenizer == null) {
      tokenizer = TextTokenizer.open(model);
    }
    TextTokenizer opened = tokenizer;
    return text -> opened.encode(text, InputType.PASSAGE);
  }

  @Override
  public void close() {
    if (tokenizer != null) {
      tokenizer.close();
    }
  }
}
