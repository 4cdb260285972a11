package io.github.neuronembed.tokenizer;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.model.JsonValue;
import io.github.neuronembed.model.ModelDirectory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What a model directory's {@code tokenizer.json} says, and {@code tokenizer_config.json} in its
 * place, checked against the model.
 *
 * <p>The native tokenizer ends the process over some definitions that are valid JSON but make no
 * sense, so it never sees the file: it is given a definition written anew from checked parts.
 * Special tokens, truncation and padding are not among them; the first are put around a text here,
 * the other two are the engine's.
 */
final class TokenizerDefinition {

  /** The largest file that is read; a multilingual WordPiece vocabulary has 3 MB. */
  private static final int MAX_BYTES = 64 << 20;

  /** Beyond this, the search for a word's pieces takes noticeable time; BERT has 100. */
  private static final int LONGEST_WORD = 1000;

  private final ModelDirectory model;
  private final JsonValue root;
  private final Map<String, Integer> vocabulary = new LinkedHashMap<>();
  private final Map<String, Integer> addedTokens = new LinkedHashMap<>();
  private final int[] leading;
  private final int[] trailing;
  private final boolean cutsLeft;
  private final @Nullable TextPieces pieces;
  private final String json;

  /**
   * Reads and checks the definition.
   *
   * @throws ModelLoadException if it is missing, corrupt, not BERT's kind of tokenizer, or does not
   *     fit the model
   */
  TokenizerDefinition(ModelDirectory model) {
    this.model = model;
    this.root = JsonValue.read(model.tokenizerFile(), MAX_BYTES);
    JsonObject definition = new JsonObject();
    definition.add("version", new JsonPrimitive("1.0"));
    definition.add("truncation", JsonNull.INSTANCE);
    definition.add("padding", JsonNull.INSTANCE);
    JsonObject wordPiece = wordPiece(part("model", "WordPiece"));
    List<JsonValue> added = root.get("added_tokens").map(JsonValue::elements).orElse(List.of());
    definition.add("added_tokens", addedTokens(added));
    TokenizerConfig config = new TokenizerConfig(model);
    JsonObject normalizer = config.normalizer(part("normalizer", "BertNormalizer"));
    definition.add("normalizer", model.lowercases() ? lowercased(normalizer) : normalizer);
    this.cutsLeft = config.cutsLeft();
    definition.add("pre_tokenizer", typed(part("pre_tokenizer", "BertPreTokenizer")));
    definition.add("post_processor", JsonNull.INSTANCE);
    definition.add("decoder", decoder());
    definition.add("model", wordPiece);
    this.json = definition.toString();
    if (!StandardCharsets.UTF_8.newEncoder().canEncode(json)) {
      throw misfit("has a token that is not well-formed Unicode");
    }
    requirePadding(config.padToken());

    JsonValue template = root.get("post_processor").orElseThrow(this::noSpecialTokens);
    List<Integer> before = new ArrayList<>();
    List<Integer> after = new ArrayList<>();
    specialTokens(template, before, after);
    if (before.isEmpty() || after.isEmpty()) {
      throw noSpecialTokens();
    }
    this.leading = ints(before);
    this.trailing = ints(after);
    this.pieces = pieces(normalizer, wordPiece.get("max_input_chars_per_word").getAsInt(), added);
  }

  /** The definition for the native tokenizer, without special tokens, truncation and padding. */
  String json() {
    return json;
  }

  /** Ids of the special tokens before a text, at least one. */
  int[] leading() {
    return leading.clone();
  }

  /** Ids of the special tokens after a text, at least one. */
  int[] trailing() {
    return trailing.clone();
  }

  /** Tokens that are found in a text before it is normalized and split, and their ids. */
  Map<String, Integer> addedTokens() {
    return addedTokens;
  }

  /** Whether a text that is too long loses its first tokens; else its last. */
  boolean cutsLeft() {
    return cutsLeft;
  }

  /** How a long text is cut; null if this tokenizer allows no cut. */
  @Nullable TextPieces pieces() {
    return pieces;
  }

  private JsonValue part(String name, String type) {
    JsonValue part = root.require(name);
    JsonValue stated = part.require("type");
    if (!stated.string().equals(type)) {
      throw stated.wrong(type + ", as for every model of the BERT family");
    }
    return part;
  }

  private static JsonObject typed(JsonValue part) {
    JsonObject typed = new JsonObject();
    typed.addProperty("type", part.require("type").string());
    return typed;
  }

  private JsonObject wordPiece(JsonValue model) {
    JsonValue stated = model.require("vocab");
    JsonObject vocab = new JsonObject();
    for (String token : stated.keys()) {
      int id = id(stated.require(token));
      vocabulary.put(token, id);
      vocab.addProperty(token, id);
    }
    JsonValue unknown = model.require("unk_token");
    if (!vocabulary.containsKey(unknown.string())) {
      throw unknown.wrong("a token of the vocabulary");
    }
    JsonValue longestWord = model.require("max_input_chars_per_word");
    if (longestWord.positive() > LONGEST_WORD) {
      throw longestWord.wrong("at most %s".formatted(LONGEST_WORD));
    }
    JsonObject copy = typed(model);
    copy.addProperty("unk_token", unknown.string());
    copy.addProperty(
        "continuing_subword_prefix", model.require("continuing_subword_prefix").string());
    copy.addProperty("max_input_chars_per_word", longestWord.positive());
    copy.add("vocab", vocab);
    return copy;
  }

  /** How ids become a text again. Any other decoder than WordPiece's counts as none. */
  private JsonElement decoder() {
    return root.get("decoder")
        .filter(stated -> stated.require("type").string().equals("WordPiece"))
        .<JsonElement>map(
            stated -> {
              JsonObject copy = typed(stated);
              copy.addProperty("prefix", stated.require("prefix").string());
              copy.addProperty("cleanup", stated.require("cleanup").bool());
              return copy;
            })
        .orElse(JsonNull.INSTANCE);
  }

  private JsonArray addedTokens(List<JsonValue> stated) {
    JsonArray copy = new JsonArray();
    Set<String> all = new HashSet<>(vocabulary.keySet());
    for (JsonValue token : stated) {
      String content = token.require("content").string();
      int id = id(token.require("id"));
      if (content.isEmpty()) {
        throw token.require("content").wrong("a token of at least one character");
      }
      // A token of the vocabulary keeps the id it has there.
      addedTokens.put(content, vocabulary.getOrDefault(content, id));
      all.add(content);
      JsonObject entry = new JsonObject();
      entry.addProperty("id", addedTokens.get(content));
      entry.addProperty("content", content);
      for (String flag : List.of("single_word", "lstrip", "rstrip", "normalized", "special")) {
        entry.addProperty(flag, token.require(flag).bool());
      }
      copy.add(entry);
    }
    if (all.size() > model.vocabularySize()) {
      throw misfit(
          "has %s tokens, the model's vocabulary has %s"
              .formatted(all.size(), model.vocabularySize()));
    }
    return copy;
  }

  /**
   * A normalizer after one that puts texts into lower case, which is how sentence-transformers (its
   * development version of 2026-08-21) does it: accents are stripped as they were.
   */
  private static JsonObject lowercased(JsonObject normalizer) {
    if (normalizer.get("lowercase").getAsBoolean()) {
      return normalizer;
    }
    JsonObject first = new JsonObject();
    first.addProperty("type", "Lowercase");
    JsonArray parts = new JsonArray();
    parts.add(first);
    parts.add(normalizer);
    JsonObject sequence = new JsonObject();
    sequence.addProperty("type", "Sequence");
    sequence.add("normalizers", parts);
    return sequence;
  }

  private int id(JsonValue id) {
    int value = id.natural();
    if (value >= model.vocabularySize()) {
      throw misfit(
          "has a token with the id %s, the model's vocabulary has %s"
              .formatted(value, model.vocabularySize()));
    }
    return value;
  }

  private void requirePadding(String name) {
    Integer id = vocabulary.getOrDefault(name, addedTokens.get(name));
    if (id == null || id != model.padTokenId()) {
      throw misfit(
          "has %s for its padding token %s, the model's config.json has %s"
              .formatted(id == null ? "no id" : "the id " + id, name, model.padTokenId()));
    }
  }

  /** What is put before and after a single text. */
  private void specialTokens(JsonValue template, List<Integer> before, List<Integer> after) {
    String type = template.require("type").string();
    switch (type) {
      case "BertProcessing", "RobertaProcessing" -> {
        before.add(pairedId(template.require("cls")));
        after.add(pairedId(template.require("sep")));
      }
      case "TemplateProcessing" -> {
        List<Integer> side = before;
        for (JsonValue piece : template.require("single").elements()) {
          Optional<JsonValue> special = piece.get("SpecialToken");
          JsonValue part = special.orElseGet(() -> piece.require("Sequence"));
          if (part.require("type_id").natural() != 0) {
            throw part.require("type_id").wrong("0, the only token type of a single text");
          }
          if (special.isPresent()) {
            JsonValue token =
                template.require("special_tokens").require(part.require("id").string());
            for (JsonValue id : token.require("ids").elements()) {
              side.add(id(id));
            }
          } else if (side == after || !part.require("id").string().equals("A")) {
            throw part.wrong("the text A, once");
          } else {
            side = after;
          }
        }
        if (side == before) {
          throw template.require("single").wrong("a template with the text A");
        }
      }
      default ->
          throw template
              .require("type")
              .wrong("TemplateProcessing, BertProcessing or RobertaProcessing");
    }
  }

  private int pairedId(JsonValue tokenAndId) {
    List<JsonValue> pair = tokenAndId.elements();
    if (pair.size() != 2) {
      throw tokenAndId.wrong("a token and its id");
    }
    return id(pair.get(1));
  }

  private @Nullable TextPieces pieces(
      JsonObject normalizer, int longestWord, List<JsonValue> added) {
    for (JsonValue token : added) {
      String content = token.require("content").string();
      if (token.require("normalized").bool()
          || token.require("single_word").bool()
          || !isAsciiPunctuation(content.charAt(0))
          || !isAsciiPunctuation(content.charAt(content.length() - 1))) {
        return null;
      }
    }
    return normalizer.get("clean_text").getAsBoolean()
        ? new TextPieces(
            normalizer.get("handle_chinese_chars").getAsBoolean(),
            normalizer.get("strip_accents").getAsBoolean(),
            longestWord,
            addedTokens.keySet())
        : null;
  }

  private static boolean isAsciiPunctuation(char c) {
    return c > ' ' && c < 0x7f && !Character.isLetterOrDigit(c);
  }

  private static int[] ints(List<Integer> values) {
    return values.stream().flatMapToInt(IntStream::of).toArray();
  }

  private ModelLoadException noSpecialTokens() {
    return misfit("puts no special token before a text, or none after it");
  }

  /** The refusal of a tokenizer that is whole, but not this model's. */
  ModelLoadException misfit(String why) {
    return new ModelLoadException(
        "%s does not fit the model: it %s. Copy both from the same repository again."
            .formatted(model.tokenizerFile(), why));
  }
}
