package io.github.neuronembed.tokenizer;

import java.util.Set;

/**
 * The pieces of a text for the normalizer, pre-tokenizer and model of BERT. The text is cut before
 * a <em>splitter</em>: white space, punctuation, and ideographs if the normalizer puts spaces
 * around them. The pre-tokenizer ends a word there, so no word spans the cut. The normalizer works
 * character by character, except for canonical decomposition, which reorders combining marks among
 * themselves; a splitter is not a combining mark, so nothing moves across the cut. An added token
 * (for example {@code [SEP]}) is found in the text before that; the text is never cut inside an
 * occurrence.
 *
 * <p>A word longer than the model's limit (100 characters) is one unknown token, however long.
 * Therefore, of a stretch without a splitter, only characters that the normalizer keeps are kept,
 * and only as many as exceed the limit.
 *
 * <p>Immutable and thread-safe.
 */
final class BertPieces implements TextPieces {

  /** A stretch without a splitter that is longer is shortened. */
  static final int LONGEST_STRETCH = 4 * CutPieces.PIECE;

  private final boolean splitsIdeographs;
  private final boolean stripsMarks;
  private final int longestWord;
  private final Set<String> addedTokens;

  /**
   * @param splitsIdeographs whether the normalizer puts spaces around CJK ideographs
   * @param stripsMarks whether it removes nonspacing marks
   * @param longestWord the maximum number of characters of a word that is not unknown because of
   *     its length
   * @param addedTokens tokens that are found in the text before normalization; each begins and ends
   *     with ASCII punctuation
   */
  BertPieces(
      boolean splitsIdeographs, boolean stripsMarks, int longestWord, Set<String> addedTokens) {
    this.splitsIdeographs = splitsIdeographs;
    this.stripsMarks = stripsMarks;
    this.longestWord = longestWord;
    this.addedTokens = Set.copyOf(addedTokens);
  }

  @Override
  public TextPieces.Iterator of(String text) {
    return new Pieces(text);
  }

  private final class Pieces extends CutPieces {
    private final String text;

    private Pieces(String text) {
      super(text);
      this.text = text;
    }

    @Override
    String piece(int begin, int end) {
      return end - begin > LONGEST_STRETCH ? shortened(begin, end) : super.piece(begin, end);
    }

    @Override
    boolean isCut(int index) {
      if (Character.isLowSurrogate(text.charAt(index)) || !isSplitter(text.codePointAt(index))) {
        return false;
      }
      for (String token : addedTokens) {
        for (int before = 1; before < token.length(); before++) {
          if (text.startsWith(token, index - before)) {
            return false;
          }
        }
      }
      return true;
    }

    /**
     * A stretch without a cut is, after its last splitter (there may be some at its start, inside
     * of an added token), one word.
     */
    private String shortened(int begin, int end) {
      int word = end;
      while (word > begin && !isSplitter(text.codePointBefore(word))) {
        word = text.offsetByCodePoints(word, -1);
      }
      StringBuilder piece = new StringBuilder().append(text, begin, word);
      int kept = 0;
      for (int i = word; i < end; ) {
        int codePoint = text.codePointAt(i);
        i += Character.charCount(codePoint);
        if (isRemoved(codePoint) || (isKept(codePoint) && kept > longestWord)) {
          continue;
        }
        // A character in doubt may end a word: what follows must be too long by itself.
        kept = isKept(codePoint) ? kept + 1 : 0;
        piece.appendCodePoint(codePoint);
      }
      return piece.toString();
    }
  }

  // The tokenizer's tables are of an older Unicode than the Java runtime's, and runtimes differ.
  // Each of the next three is true only if all agree; other characters are in doubt and are not
  // used. A test compares them with the tokenizer for every character.

  /** Whether the pre-tokenizer certainly ends a word before this character. */
  boolean isSplitter(int codePoint) {
    if (codePoint < 0x80) {
      return codePoint == ' '
          || codePoint == '\t'
          || codePoint == '\n'
          || codePoint == '\r'
          || (codePoint > ' ' && codePoint < 0x7f && !Character.isLetterOrDigit(codePoint));
    }
    if (isIdeograph(codePoint)) {
      return splitsIdeographs;
    }
    return switch (Character.getType(codePoint)) {
      case Character.SPACE_SEPARATOR,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.CONNECTOR_PUNCTUATION,
          Character.DASH_PUNCTUATION,
          Character.START_PUNCTUATION,
          Character.END_PUNCTUATION,
          Character.INITIAL_QUOTE_PUNCTUATION,
          Character.FINAL_QUOTE_PUNCTUATION,
          Character.OTHER_PUNCTUATION ->
          codePoint < 0x100
              || (codePoint >= 0x2000 && codePoint <= 0x206F)
              || (codePoint >= 0x3000 && codePoint <= 0x303F)
              || (codePoint >= 0xFF00 && codePoint <= 0xFF65);
      default -> false;
    };
  }

  /** The blocks that the normalizer calls Chinese, unassigned characters in them included. */
  private static boolean isIdeograph(int codePoint) {
    return (codePoint >= 0x4E00 && codePoint <= 0x9FFF)
        || (codePoint >= 0x3400 && codePoint <= 0x4DBF)
        || (codePoint >= 0x20000 && codePoint <= 0x2A6DF)
        || (codePoint >= 0x2A700 && codePoint <= 0x2B73F)
        || (codePoint >= 0x2B740 && codePoint <= 0x2B81F)
        || (codePoint >= 0x2B920 && codePoint <= 0x2CEAF)
        || (codePoint >= 0xF900 && codePoint <= 0xFAFF)
        || (codePoint >= 0x2F800 && codePoint <= 0x2FA1F);
  }

  /** Whether the normalizer surely removes this character. */
  boolean isRemoved(int codePoint) {
    if (codePoint == '\t' || codePoint == '\n' || codePoint == '\r') {
      return false;
    }
    return switch (Character.getType(codePoint)) {
      case Character.CONTROL, Character.PRIVATE_USE -> true;
      case Character.FORMAT ->
          (codePoint >= 0x200B && codePoint <= 0x2064) || codePoint == 0xAD || codePoint == 0xFEFF;
      case Character.NON_SPACING_MARK ->
          stripsMarks
              && (codePoint <= 0x7F3
                  || (codePoint >= 0xE00 && codePoint <= 0xE7F)
                  || (codePoint >= 0x3000 && codePoint <= 0x30FF)
                  || (codePoint >= 0xFE00 && codePoint <= 0xFE0F));
      default -> codePoint == 0xFFFD;
    };
  }

  /** Whether this character surely becomes one character of a word, or more. */
  boolean isKept(int codePoint) {
    return switch (Character.getType(codePoint)) {
      case Character.UPPERCASE_LETTER,
          Character.LOWERCASE_LETTER,
          Character.TITLECASE_LETTER,
          Character.MODIFIER_LETTER,
          Character.OTHER_LETTER,
          Character.DECIMAL_DIGIT_NUMBER,
          Character.LETTER_NUMBER,
          Character.OTHER_NUMBER ->
          !isSplitter(codePoint);
      // Three decompose to ASCII punctuation. Of those below, some are or were punctuation.
      case Character.OTHER_SYMBOL,
          Character.MATH_SYMBOL,
          Character.CURRENCY_SYMBOL,
          Character.MODIFIER_SYMBOL ->
          codePoint >= 0x20A0
              && codePoint != 0x2260
              && codePoint != 0x226E
              && codePoint != 0x226F
              && codePoint != 0xFFFD;
      default -> false;
    };
  }
}
