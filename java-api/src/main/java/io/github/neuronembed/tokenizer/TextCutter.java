package io.github.neuronembed.tokenizer;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.HashSet;
import java.util.Set;

/**
 * Cuts a long text where the tokens of the parts are the tokens of the whole, so that a text of
 * megabytes is tokenized only as far as it is used, or in pieces.
 *
 * <p>That holds for BERT's normaliser and pre-tokenizer, which treat a character without regard to
 * its neighbours but for combining marks, and begin a new word at every blank, at every ASCII
 * punctuation character and at every CJK ideograph. None of those is a combining mark; so a cut
 * before one of them separates nothing, unless it lies inside of a literal special token. Other
 * tokenizers get the text whole.
 */
final class TextCutter {

  /** A part has at least so many characters, about twice what 512 tokens of English need. */
  private static final int LEAST_CHARS = 4096;

  private final boolean mayCut;
  private final Set<Character> inSpecialTokens;

  private TextCutter(boolean mayCut, Set<Character> inSpecialTokens) {
    this.mayCut = mayCut;
    this.inSpecialTokens = inSpecialTokens;
  }

  /**
   * @param settings a tokenizer.json
   */
  static TextCutter of(JsonObject settings) {
    boolean bert =
        isOfType(settings.get("normalizer"), "BertNormalizer")
            && isOfType(settings.get("pre_tokenizer"), "BertPreTokenizer");
    Set<Character> inSpecialTokens = new HashSet<>();
    boolean plain = true;
    if (settings.get("added_tokens") != null && settings.get("added_tokens").isJsonArray()) {
      for (JsonElement element : settings.getAsJsonArray("added_tokens")) {
        if (!(element instanceof JsonObject token) || !token.has("content")) {
          plain = false;
          continue;
        }
        String content = token.get("content").getAsString();
        content.chars().forEach(c -> inSpecialTokens.add((char) c));
        // Such a token looks at what stands beside it.
        plain &= !isTrue(token, "lstrip") && !isTrue(token, "rstrip");
        plain &= !isTrue(token, "single_word");
      }
    }
    return new TextCutter(bert && plain, inSpecialTokens);
  }

  private static boolean isOfType(JsonElement element, String type) {
    return element instanceof JsonObject object
        && object.has("type")
        && object.get("type").isJsonPrimitive()
        && object.get("type").getAsString().equals(type);
  }

  private static boolean isTrue(JsonObject object, String key) {
    return object.has(key) && object.get(key).getAsBoolean();
  }

  /**
   * The end of the part that begins at {@code from}.
   *
   * @return a position after {@code from}, at most the text's length
   */
  int next(String text, int from) {
    if (!mayCut) {
      return text.length();
    }
    for (int at = from + LEAST_CHARS; at < text.length(); at++) {
      char c = text.charAt(at);
      if (beginsAWord(c) && !inSpecialTokens.contains(c)) {
        return at;
      }
    }
    return text.length();
  }

  private static boolean beginsAWord(char c) {
    return c == ' '
        || c == '\t'
        || c == '\n'
        || c == '\r'
        || (c >= '!' && c <= '/')
        || (c >= ':' && c <= '@')
        || (c >= '[' && c <= '`')
        || (c >= '{' && c <= '~')
        || (c >= '\u4E00' && c <= '\u9FFF');
  }
}
