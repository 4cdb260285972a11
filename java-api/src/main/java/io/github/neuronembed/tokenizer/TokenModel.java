package io.github.neuronembed.tokenizer;

import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.github.neuronembed.model.JsonValue;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;

/**
 * The part of a tokenizer's definition that has the vocabulary, rewritten from checked values:
 * WordPiece (BERT), Unigram (SentencePiece: XLM-R) or byte-pair encoding (RoBERTa).
 *
 * @param kind which of them
 * @param json for the native tokenizer
 * @param vocabulary each token's id
 */
record TokenModel(Kind kind, JsonObject json, Map<String, Integer> vocabulary) {

  /** Beyond this, the search for a word's pieces takes noticeable time; BERT has 100. */
  private static final int LONGEST_WORD = 1000;

  /** The algorithm that finds the tokens of a word. */
  enum Kind {
    WORD_PIECE("WordPiece"),
    UNIGRAM("Unigram"),
    BYTE_PAIR("BPE");

    /** Its name in a definition. */
    final String type;

    Kind(String type) {
      this.type = type;
    }
  }

  /**
   * Reads a definition's model.
   *
   * @param id checks the id of a token
   */
  static TokenModel read(JsonValue model, ToIntFunction<JsonValue> id) {
    String type = model.require("type").string();
    for (Kind kind : Kind.values()) {
      if (kind.type.equals(type)) {
        JsonObject json = new JsonObject();
        json.addProperty("type", type);
        return switch (kind) {
          case WORD_PIECE -> wordPiece(model, json, id);
          case UNIGRAM -> unigram(model, json);
          case BYTE_PAIR -> bytePair(model, json, id);
        };
      }
    }
    throw model.require("type").wrong("WordPiece, Unigram or BPE");
  }

  private static TokenModel wordPiece(
      JsonValue model, JsonObject json, ToIntFunction<JsonValue> id) {
    Map<String, Integer> vocabulary = new LinkedHashMap<>();
    JsonObject vocab = vocabulary(model, vocabulary, id);
    JsonValue unknown = model.require("unk_token");
    requireKnown(unknown, vocabulary);
    JsonValue longestWord = model.require("max_input_chars_per_word");
    if (longestWord.positive() > LONGEST_WORD) {
      throw longestWord.wrong("at most %s".formatted(LONGEST_WORD));
    }
    json.addProperty("unk_token", unknown.string());
    json.addProperty(
        "continuing_subword_prefix", model.require("continuing_subword_prefix").string());
    json.addProperty("max_input_chars_per_word", longestWord.positive());
    json.add("vocab", vocab);
    return new TokenModel(Kind.WORD_PIECE, json, vocabulary);
  }

  private static TokenModel unigram(JsonValue model, JsonObject json) {
    Map<String, Integer> vocabulary = new LinkedHashMap<>();
    JsonArray vocab = new JsonArray();
    List<JsonValue> stated = model.require("vocab").elements();
    for (JsonValue entry : stated) {
      List<JsonValue> tokenAndScore = entry.elements();
      if (tokenAndScore.size() != 2 || tokenAndScore.get(0).string().isEmpty()) {
        throw entry.wrong("a token of at least one character, and its score");
      }
      vocabulary.put(tokenAndScore.get(0).string(), vocab.size());
      JsonArray copy = new JsonArray();
      copy.add(tokenAndScore.get(0).string());
      copy.add(tokenAndScore.get(1).number());
      vocab.add(copy);
    }
    JsonValue unknown = model.require("unk_id");
    if (unknown.natural() >= stated.size()) {
      throw unknown.wrong("the place of a token in the vocabulary of %s".formatted(stated.size()));
    }
    json.addProperty("unk_id", unknown.natural());
    json.addProperty("byte_fallback", flag(model, "byte_fallback"));
    json.add("vocab", vocab);
    return new TokenModel(Kind.UNIGRAM, json, vocabulary);
  }

  private static TokenModel bytePair(
      JsonValue model, JsonObject json, ToIntFunction<JsonValue> id) {
    Map<String, Integer> vocabulary = new LinkedHashMap<>();
    JsonObject vocab = vocabulary(model, vocabulary, id);
    model
        .get("dropout")
        .filter(dropout -> dropout.number() != 0)
        .ifPresent(
            dropout -> {
              throw dropout.wrong("null: with it, a text's tokens would depend on chance");
            });
    for (String affix : List.of("continuing_subword_prefix", "end_of_word_suffix")) {
      model
          .get(affix)
          .filter(value -> !value.string().isEmpty())
          .ifPresent(
              value -> {
                throw value.wrong("empty, as in a byte-level vocabulary");
              });
    }
    json.add("dropout", JsonNull.INSTANCE);
    json.add("unk_token", JsonNull.INSTANCE);
    model
        .get("unk_token")
        .ifPresent(
            unknown -> {
              requireKnown(unknown, vocabulary);
              json.addProperty("unk_token", unknown.string());
            });
    for (String flag : List.of("fuse_unk", "byte_fallback", "ignore_merges")) {
      json.addProperty(flag, flag(model, flag));
    }
    json.add("vocab", vocab);
    json.add("merges", merges(model.require("merges"), vocabulary));
    return new TokenModel(Kind.BYTE_PAIR, json, vocabulary);
  }

  /** Pairs of tokens, as lists of two or as strings with a space in between. */
  private static JsonArray merges(JsonValue stated, Map<String, Integer> vocabulary) {
    JsonArray merges = new JsonArray();
    for (JsonValue merge : stated.elements()) {
      List<String> pair =
          merge.isArray()
              ? merge.elements().stream().map(JsonValue::string).toList()
              : List.of(merge.string().split(" ", -1));
      if (pair.size() != 2
          || !vocabulary.containsKey(pair.get(0))
          || !vocabulary.containsKey(pair.get(1))
          || !vocabulary.containsKey(pair.get(0) + pair.get(1))) {
        throw merge.wrong("two tokens of the vocabulary that are one of it together");
      }
      JsonArray copy = new JsonArray();
      pair.forEach(copy::add);
      merges.add(copy);
    }
    return merges;
  }

  private static JsonObject vocabulary(
      JsonValue model, Map<String, Integer> vocabulary, ToIntFunction<JsonValue> id) {
    JsonValue stated = model.require("vocab");
    JsonObject copy = new JsonObject();
    for (String token : stated.keys()) {
      int value = id.applyAsInt(stated.require(token));
      vocabulary.put(token, value);
      copy.addProperty(token, value);
    }
    return copy;
  }

  private static void requireKnown(JsonValue token, Map<String, Integer> vocabulary) {
    if (!vocabulary.containsKey(token.string())) {
      throw token.wrong("a token of the vocabulary");
    }
  }

  private static boolean flag(JsonValue model, String name) {
    return model.get(name).map(JsonValue::bool).orElse(false);
  }
}
