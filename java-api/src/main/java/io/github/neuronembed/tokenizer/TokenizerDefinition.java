package io.github.neuronembed.tokenizer;

import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.model.JsonValue;
import io.github.neuronembed.model.ModelDirectory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a model directory's {@code tokenizer.json} says, checked against the model.
 *
 * @param pieces how a long text is cut; null if this tokenizer allows no cut
 */
record TokenizerDefinition(@Nullable TextPieces pieces) {

  /** The largest file that is read; a multilingual WordPiece vocabulary has 3 MB. */
  private static final int MAX_BYTES = 64 << 20;

  /** Beyond this, an unknown word costs the model's tokenizer noticeable time; BERT has 100. */
  private static final int LONGEST_WORD = 1000;

  /**
   * Reads the definition.
   *
   * @throws ModelLoadException if it is missing, corrupt, not BERT's kind of tokenizer, or does not
   *     fit the model
   */
  static TokenizerDefinition read(ModelDirectory model) {
    JsonValue root = JsonValue.read(model.tokenizerFile(), MAX_BYTES);
    requireType(root, "model", "WordPiece");
    requireType(root, "pre_tokenizer", "BertPreTokenizer");
    requireType(root, "normalizer", "BertNormalizer");
    JsonValue wordPiece = root.require("model");
    Map<String, Integer> ids = new HashMap<>();
    JsonValue vocabulary = wordPiece.require("vocab");
    for (String token : vocabulary.keys()) {
      ids.put(token, id(vocabulary.require(token), model));
    }
    JsonValue unknown = wordPiece.require("unk_token");
    if (!ids.containsKey(unknown.string())) {
      throw unknown.wrong("a token of the vocabulary");
    }
    List<JsonValue> added = root.get("added_tokens").map(JsonValue::elements).orElse(List.of());
    for (JsonValue token : added) {
      ids.putIfAbsent(token.require("content").string(), id(token.require("id"), model));
    }
    if (ids.size() > model.vocabularySize()) {
      throw misfit(
          model,
          "has %d tokens, the model's vocabulary has %d"
              .formatted(ids.size(), model.vocabularySize()));
    }
    requirePadding(ids, model);
    JsonValue longestWord = wordPiece.require("max_input_chars_per_word");
    if (longestWord.positive() > LONGEST_WORD) {
      throw longestWord.wrong("at most %d".formatted(LONGEST_WORD));
    }
    return new TokenizerDefinition(
        pieces(root.require("normalizer"), longestWord.positive(), added));
  }

  private static void requireType(JsonValue root, String part, String type) {
    JsonValue stated = root.require(part).require("type");
    if (!stated.string().equals(type)) {
      throw stated.wrong(type + ", as for every model of the BERT family");
    }
  }

  private static int id(JsonValue id, ModelDirectory model) {
    int value = id.natural();
    if (value >= model.vocabularySize()) {
      throw misfit(
          model,
          "has a token with the id %d, the model's vocabulary has %d"
              .formatted(value, model.vocabularySize()));
    }
    return value;
  }

  private static void requirePadding(Map<String, Integer> ids, ModelDirectory model) {
    Path file = model.tokenizerFile().resolveSibling("tokenizer_config.json");
    String name =
        Files.exists(file)
            ? JsonValue.read(file, MAX_BYTES)
                .get("pad_token")
                .map(token -> token.isObject() ? token.require("content") : token)
                .map(JsonValue::string)
                .orElse("[PAD]")
            : "[PAD]";
    Integer id = ids.get(name);
    if (id == null || id != model.padTokenId()) {
      throw misfit(
          model,
          "has %s for its padding token %s, the model's config.json has %d"
              .formatted(id == null ? "no id" : "the id " + id, name, model.padTokenId()));
    }
  }

  static ModelLoadException misfit(ModelDirectory model, String why) {
    return new ModelLoadException(
        "%s does not fit the model: it %s. Copy both from the same repository again."
            .formatted(model.tokenizerFile(), why));
  }

  private static @Nullable TextPieces pieces(
      JsonValue normalizer, int longestWord, List<JsonValue> added) {
    Set<String> contents = new HashSet<>();
    for (JsonValue token : added) {
      String content = token.require("content").string();
      if (content.isEmpty()) {
        continue;
      }
      if (token.require("normalized").bool()
          || token.require("single_word").bool()
          || !isAsciiPunctuation(content.charAt(0))
          || !isAsciiPunctuation(content.charAt(content.length() - 1))) {
        return null;
      }
      contents.add(content);
    }
    if (!normalizer.require("clean_text").bool()) {
      return null;
    }
    boolean stripsMarks =
        normalizer.get("strip_accents").orElseGet(() -> normalizer.require("lowercase")).bool();
    return new TextPieces(
        normalizer.require("handle_chinese_chars").bool(), stripsMarks, longestWord, contents);
  }

  private static boolean isAsciiPunctuation(char c) {
    return c > ' ' && c < 0x7f && !Character.isLetterOrDigit(c);
  }
}
