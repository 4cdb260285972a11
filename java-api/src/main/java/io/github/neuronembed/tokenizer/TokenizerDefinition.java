package io.github.neuronembed.tokenizer;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.model.JsonValue;
import io.github.neuronembed.model.TransformerDirectory;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The content of a model directory's {@code tokenizer.json}, with the overrides of {@code
 * tokenizer_config.json}, checked against the model.
 *
 * <p>The native tokenizer ends the process for some definitions that are valid JSON but invalid in
 * content. It therefore never reads the file: it gets a definition that is rewritten from checked
 * parts. Special tokens, truncation and padding are not among them: this package adds special
 * tokens, and the engine does the other two.
 */
final class TokenizerDefinition {

  /** The largest file that is read; a vocabulary of 250,000 pieces has 17 MB. */
  private static final int MAX_BYTES = 64 << 20;

  private final TransformerDirectory model;
  private final JsonValue root;
  private final TokenModel tokens;
  private final Map<String, Integer> addedTokens = new LinkedHashMap<>();
  private final SpecialTokens specialTokens;
  private final boolean cutsLeft;
  private final @Nullable TextPieces pieces;
  private final String json;

  /**
   * Reads and checks the definition.
   *
   * @throws ModelLoadException if it is missing, corrupt, of an unknown kind, or does not fit the
   *     model
   */
  TokenizerDefinition(TransformerDirectory model) {
    this.model = model;
    this.root = JsonValue.read(model.tokenizerFile(), MAX_BYTES);
    JsonObject definition = new JsonObject();
    definition.add("version", new JsonPrimitive("1.0"));
    definition.add("truncation", JsonNull.INSTANCE);
    definition.add("padding", JsonNull.INSTANCE);
    this.tokens = TokenModel.read(root.require("model"), this::id);
    List<JsonValue> added = root.get("added_tokens").map(JsonValue::elements).orElse(List.of());
    definition.add("added_tokens", addedTokens(added));
    TokenizerConfig config = new TokenizerConfig(model);
    this.cutsLeft = config.cutsLeft();
    JsonElement normalizer;
    if (tokens.kind() == TokenModel.Kind.WORD_PIECE) {
      JsonObject bert = config.normalizer(bertNormalizer());
      this.pieces = bertPieces(bert, added);
      normalizer =
          model.lowercases() && !bert.get("lowercase").getAsBoolean()
              ? Normalizers.lowercased(bert)
              : bert;
    } else {
      Normalizers read = Normalizers.read(root.get("normalizer"));
      this.pieces = read.keepsCuts() && keepCuts(added) ? new SpacePieces() : null;
      normalizer = model.lowercases() ? Normalizers.lowercased(read.json()) : read.json();
    }
    definition.add("normalizer", normalizer);
    definition.add(
        "pre_tokenizer", PreTokenizers.read(root.require("pre_tokenizer"), tokens.kind()));
    definition.add("post_processor", JsonNull.INSTANCE);
    definition.add("decoder", PreTokenizers.decoder(root.get("decoder"), tokens.kind()));
    definition.add("model", tokens.json());
    this.json = definition.toString();
    if (!StandardCharsets.UTF_8.newEncoder().canEncode(json)) {
      throw misfit("has a token that is not well-formed Unicode");
    }
    requirePadding(config.padToken());
    this.specialTokens =
        SpecialTokens.read(root.get("post_processor").orElseThrow(this::noSpecialTokens), this::id);
    if (specialTokens.leading().length == 0 || specialTokens.trailing().length == 0) {
      throw noSpecialTokens();
    }
  }

  /** The model of this tokenizer. */
  TransformerDirectory model() {
    return model;
  }

  /** The definition for the native tokenizer, without special tokens, truncation and padding. */
  String json() {
    return json;
  }

  /** The special tokens around texts; at least one token before and one after a single text. */
  SpecialTokens specialTokens() {
    return specialTokens;
  }

  /** Tokens that are found in a text before it is normalized and split, and their ids. */
  Map<String, Integer> addedTokens() {
    return addedTokens;
  }

  /** Whether a text that is too long loses its first tokens; else its last. */
  boolean cutsLeft() {
    return cutsLeft;
  }

  /** How a long text is cut into pieces; null if this tokenizer allows no cut. */
  @Nullable TextPieces pieces() {
    return pieces;
  }

  private JsonValue bertNormalizer() {
    JsonValue normalizer = root.require("normalizer");
    JsonValue type = normalizer.require("type");
    if (!type.string().equals("BertNormalizer")) {
      throw type.wrong("BertNormalizer, as for every model of the BERT family");
    }
    return normalizer;
  }

  private JsonArray addedTokens(List<JsonValue> stated) {
    JsonArray copy = new JsonArray();
    Set<String> all = new HashSet<>(tokens.vocabulary().keySet());
    for (JsonValue token : stated) {
      String content = token.require("content").string();
      int id = id(token.require("id"));
      if (content.isEmpty()) {
        throw token.require("content").wrong("a token of at least one character");
      }
      // A token of the vocabulary keeps the id it has there.
      addedTokens.put(content, tokens.vocabulary().getOrDefault(content, id));
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
    Integer id = tokens.vocabulary().getOrDefault(name, addedTokens.get(name));
    if (id == null || id != model.padTokenId()) {
      throw misfit(
          "has %s for its padding token %s, the model's config.json has %s"
              .formatted(id == null ? "no id" : "the id " + id, name, model.padTokenId()));
    }
  }

  private @Nullable TextPieces bertPieces(JsonObject normalizer, List<JsonValue> added) {
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
        ? new BertPieces(
            normalizer.get("handle_chinese_chars").getAsBoolean(),
            normalizer.get("strip_accents").getAsBoolean(),
            tokens.json().get("max_input_chars_per_word").getAsInt(),
            addedTokens.keySet())
        : null;
  }

  private static boolean isAsciiPunctuation(char c) {
    return c > ' ' && c < 0x7f && !Character.isLetterOrDigit(c);
  }

  /** Whether no added token spans a position before a space. */
  private static boolean keepCuts(List<JsonValue> added) {
    return added.stream()
        .noneMatch(
            token ->
                token.require("rstrip").bool()
                    || token.require("content").string().chars().anyMatch(c -> c <= ' '));
  }

  private ModelLoadException noSpecialTokens() {
    return misfit("puts no special token before a text, or none after it");
  }

  /** The exception for a valid tokenizer of another model. */
  ModelLoadException misfit(String why) {
    return new ModelLoadException(
        "%s does not fit the model: it %s. Copy both from the same repository again."
            .formatted(model.tokenizerFile(), why));
  }
}
