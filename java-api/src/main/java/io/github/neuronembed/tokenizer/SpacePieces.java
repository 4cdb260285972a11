package io.github.neuronembed.tokenizer;

/**
 * The pieces of a text for pre-tokenizers that attach a space to the next word: SentencePiece's and
 * the byte-level one of GPT-2. The text is cut before the first of several spaces (U+0020), after a
 * character that is certainly neither white space nor removed nor joined to the space.
 *
 * <p>Why this is correct: both pre-tokenizers end a word before such a space, whatever follows. A
 * piece that begins with a space begins with the same word as the whole text there, because no
 * pre-tokenizer adds a space before a text that begins with one. The normalizers work on grapheme
 * clusters or smaller units, and none of these spans the cut. An added token contains no space
 * ({@link TokenizerDefinition} checks this), so none spans the cut either.
 *
 * <p>A stretch without such a position is one piece, however long.
 */
final class SpacePieces implements TextPieces {

  /** From here on there are letters that form a cluster with the next character (Unicode 16). */
  private static final int UNSURE = 0x11000;

  private static final int MALAYALAM_DOT_REPH = 0x0D4E;

  @Override
  public TextPieces.Iterator of(String text) {
    return new CutPieces(text) {
      @Override
      boolean isCut(int index) {
        return SpacePieces.isCut(text, index);
      }
    };
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
