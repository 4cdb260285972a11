package io.github.neuronembed.tokenizer;

import org.jspecify.annotations.Nullable;

/**
 * The pieces of a text for pre-tokenizers that put a space to the word after it, SentencePiece's
 * and the byte-level one of GPT-2. A cut is made before the first of some spaces (U+0020), after a
 * character that is surely neither white space nor removed nor joined to the space.
 *
 * <p>Why that holds. Both pre-tokenizers end a word before such a space, whatever follows, and a
 * piece that begins with a space begins no other word than the whole has there: none of them puts a
 * space before a text that begins with one. The normalizers work on grapheme clusters or less, and
 * none of those spans the cut. An added token has no space in it ({@link TokenizerDefinition} looks
 * at that), so none spans it either.
 *
 * <p>A stretch without such a place is one piece, however long.
 */
final class SpacePieces implements TextPieces {

  /** A piece ends at the last place within so many characters, if there is one. */
  static final int PIECE = 2048;

  /** From here on there are letters that form a cluster with what follows (Unicode 16). */
  private static final int UNSURE = 0x11000;

  private static final int MALAYALAM_DOT_REPH = 0x0D4E;

  @Override
  public TextPieces.Iterator of(String text) {
    return new Pieces(text);
  }

  private static final class Pieces implements TextPieces.Iterator {
    private final String text;
    private int from;

    Pieces(String text) {
      this.text = text;
    }

    @Override
    public @Nullable String next() {
      int length = text.length();
      if (from >= length) {
        return null;
      }
      return take(length - from <= PIECE ? length : end(from + PIECE));
    }

    private int end(int wanted) {
      for (int i = wanted; i > from; i--) {
        if (isCut(text, i)) {
          return i;
        }
      }
      int end = wanted + 1;
      while (end < text.length() && !isCut(text, end)) {
        end++;
      }
      return Math.min(end, text.length());
    }

    private String take(int end) {
      String piece = from == 0 && end == text.length() ? text : text.substring(from, end);
      from = end;
      return piece;
    }
  }

  /** Whether a text may be cut before a character that is not its first. */
  static boolean isCut(String text, int index) {
    return text.charAt(index) == ' ' && endsAWord(text.codePointBefore(index));
  }

  private static boolean endsAWord(int codePoint) {
    return switch (Character.getType(codePoint)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.SPACE_SEPARATOR,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      default -> codePoint < UNSURE && codePoint != MALAYALAM_DOT_REPH;
    };
  }
}
