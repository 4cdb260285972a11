package io.github.neuronembed.tokenizer;

import org.jspecify.annotations.Nullable;

/**
 * Walks through a text that may be cut at some positions. A piece ends at the last of them within
 * {@value #PIECE} characters; if there is none, at the next one, or at the end of the text.
 */
abstract class CutPieces implements TextPieces.Iterator {

  static final int PIECE = 2048;

  private final String text;
  private int from;

  CutPieces(String text) {
    this.text = text;
  }

  /** Whether the text may be cut before a character, which is neither its first nor its end. */
  abstract boolean isCut(int index);

  /** The text of a piece. */
  String piece(int begin, int end) {
    return begin == 0 && end == text.length() ? text : text.substring(begin, end);
  }

  @Override
  public final @Nullable String next() {
    if (from >= text.length()) {
      return null;
    }
    int begin = from;
    from = end();
    return piece(begin, from);
  }

  private int end() {
    int length = text.length();
    if (length - from <= PIECE) {
      return length;
    }
    int wanted = from + PIECE;
    for (int i = wanted; i > from; i--) {
      if (isCut(i)) {
        return i;
      }
    }
    int end = wanted + 1;
    while (end < length && !isCut(end)) {
      end++;
    }
    return end;
  }
}
