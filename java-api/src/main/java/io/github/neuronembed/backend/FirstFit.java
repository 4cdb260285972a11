package io.github.neuronembed.backend;

import java.util.Arrays;
import java.util.Objects;

/**
 * The positions of texts in the rows of a shape. Each text, in the given order, goes to the first
 * row that has space for its tokens and for one more text, after the texts already there. In a
 * plain shape each text has a separate row. The code that chooses texts and the code that writes
 * them both use this class, so they place texts alike.
 *
 * <p>Allocates nothing after it was made. Not thread-safe.
 */
public final class FirstFit {

  private final Shape shape;
  private final int[] rowTokens;
  private final int[] rowTexts;
  private final int[] rows;
  private final int[] starts;
  private final int[] lengths;
  private final int[] places;
  private int texts;
  private int tokens;

  /** Rows before this one are full. */
  private int firstOpen;

  /**
   * A text of this many tokens did not fit: no text of as many tokens fits until one is taken back.
   */
  private int tooLong = Integer.MAX_VALUE;

  /** Without a text. */
  public FirstFit(Shape shape) {
    this.shape = shape;
    this.rowTokens = new int[shape.batchSize()];
    this.rowTexts = new int[shape.batchSize()];
    this.rows = new int[shape.texts()];
    this.starts = new int[shape.texts()];
    this.lengths = new int[shape.texts()];
    this.places = new int[shape.texts()];
  }

  public Shape shape() {
    return shape;
  }

  /** Removes all texts. */
  public void clear() {
    Arrays.fill(rowTokens, 0);
    Arrays.fill(rowTexts, 0);
    texts = 0;
    tokens = 0;
    firstOpen = 0;
    tooLong = Integer.MAX_VALUE;
  }

  /**
   * Places the next text.
   *
   * @param length its tokens, at least 1
   * @return whether it fits; if not, nothing changes
   */
  public boolean place(int length) {
    if (length >= tooLong) {
      return false;
    }
    for (int row = firstOpen; row < rowTokens.length; row++) {
      if (isOpen(row) && length <= shape.sequenceLength() - rowTokens[row]) {
        rows[texts] = row;
        starts[texts] = rowTokens[row];
        lengths[texts] = length;
        places[texts] = rowTexts[row];
        texts++;
        tokens += length;
        rowTokens[row] += length;
        rowTexts[row]++;
        while (firstOpen < rowTokens.length && !isOpen(firstOpen)) {
          firstOpen++;
        }
        return true;
      }
    }
    tooLong = length;
    return false;
  }

  /**
   * Places texts that belong together.
   *
   * @param together the tokens of each, at least one
   * @return whether all fit; if not, nothing changes
   */
  public boolean place(int[][] together) {
    for (int i = 0; i < together.length; i++) {
      if (!place(together[i].length)) {
        for (; i > 0; i--) {
          takeBack();
        }
        return false;
      }
    }
    return true;
  }

  private boolean isOpen(int row) {
    return rowTexts[row] < shape.textsPerRow() && rowTokens[row] < shape.sequenceLength();
  }

  /**
   * Removes the text that was placed last.
   *
   * @throws IllegalStateException if there is none
   */
  public void takeBack() {
    if (texts == 0) {
      throw new IllegalStateException("There is no text to take back.");
    }
    texts--;
    int row = rows[texts];
    rowTokens[row] -= lengths[texts];
    rowTexts[row]--;
    tokens -= lengths[texts];
    firstOpen = Math.min(firstOpen, row);
    tooLong = Integer.MAX_VALUE;
  }

  /** Whether no row has space for another text, however short. */
  public boolean isFull() {
    return firstOpen == rowTokens.length;
  }

  /** Texts that were placed. */
  public int texts() {
    return texts;
  }

  /** Tokens of the texts. */
  public int tokens() {
    return tokens;
  }

  /** Tokens of the texts of a row. */
  public int tokensOf(int row) {
    return rowTokens[row];
  }

  /** Texts of a row. */
  public int textsOf(int row) {
    return rowTexts[row];
  }

  /** The row of a text. */
  public int row(int text) {
    return rows[Objects.checkIndex(text, texts)];
  }

  /** Where in its row a text begins, in tokens. */
  public int start(int text) {
    return starts[Objects.checkIndex(text, texts)];
  }

  /** Tokens of a text. */
  public int length(int text) {
    return lengths[Objects.checkIndex(text, texts)];
  }

  /**
   * The index of a text's vector in the output of a graph that pools, which has a vector for each
   * position of a text.
   */
  public int vector(int text) {
    return row(text) * shape.textsPerRow() + places[text];
  }

  /** Number of vectors of such an output up to the last text's. */
  public int vectors() {
    for (int row = rowTexts.length - 1; row >= 0; row--) {
      if (rowTexts[row] > 0) {
        return row * shape.textsPerRow() + rowTexts[row];
      }
    }
    return 0;
  }
}
