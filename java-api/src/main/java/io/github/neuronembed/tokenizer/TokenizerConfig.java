package io.github.neuronembed.tokenizer;

import com.google.gson.JsonObject;
import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.model.JsonValue;
import io.github.neuronembed.model.TransformerDirectory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The content of {@code tokenizer_config.json}, which overrides {@code tokenizer.json}. As in
 * Hugging Face Transformers (releases 4.57 and 5, {@code BertTokenizerFast} and {@code
 * BertTokenizer}): the tokenizer classes of the BERT family take lower case, accents and Chinese
 * characters from this file, or else from their own defaults, and not from the other one; the class
 * without an architecture's name uses the other one unchanged.
 */
final class TokenizerConfig {

  private static final Logger LOG = LoggerFactory.getLogger(TokenizerConfig.class);
  private static final int MAX_BYTES = 64 << 20;
  private static final String FAST = "Fast";

  /** Classes that configure the normalizer from this file. */
  private static final Set<String> BERT_CLASSES =
      Set.of(
          "BertTokenizer",
          "DistilBertTokenizer",
          "ElectraTokenizer",
          "MobileBertTokenizer",
          "ConvBertTokenizer",
          "MPNetTokenizer");

  /** Model types whose class is one of them where none is named. */
  private static final Set<String> BERT_TYPES =
      Set.of("bert", "distilbert", "electra", "mobilebert", "convbert", "mpnet");

  /** Model types whose padding token has BERT's name where none is named. */
  private static final Set<String> BERT_PADDING =
      Set.of("bert", "distilbert", "electra", "mobilebert", "convbert");

  private final Path file;
  private final Optional<JsonValue> json;
  private final boolean setsNormalizer;
  private final String usualPadToken;

  /**
   * Reads the file beside a model's tokenizer, if there is one.
   *
   * @throws ModelLoadException if it is corrupt
   */
  TokenizerConfig(TransformerDirectory model) {
    this.file = model.tokenizerFile().resolveSibling("tokenizer_config.json");
    this.json =
        Files.exists(file) ? Optional.of(JsonValue.read(file, MAX_BYTES)) : Optional.empty();
    this.usualPadToken = BERT_PADDING.contains(model.modelType()) ? "[PAD]" : "<pad>";
    this.setsNormalizer =
        get("tokenizer_class")
            .map(JsonValue::string)
            .map(TokenizerConfig::isBertClass)
            .orElse(BERT_TYPES.contains(model.modelType()));
  }

  private static boolean isBertClass(String name) {
    return BERT_CLASSES.contains(
        name.endsWith(FAST) ? name.substring(0, name.length() - FAST.length()) : name);
  }

  private Optional<JsonValue> get(String key) {
    return json.flatMap(config -> config.get(key));
  }

  /** The padding token. */
  String padToken() {
    return get("pad_token")
        .map(token -> token.isObject() ? token.require("content") : token)
        .map(JsonValue::string)
        .orElse(usualPadToken);
  }

  /**
   * Whether a text that is too long loses its first tokens; else its last.
   *
   * @throws ModelLoadException if the value is neither
   */
  boolean cutsLeft() {
    Optional<JsonValue> side = get("truncation_side");
    side.filter(value -> !Set.of("left", "right").contains(value.string()))
        .ifPresent(
            value -> {
              throw value.wrong("\"left\" or \"right\"");
            });
    return side.map(JsonValue::string).orElse("right").equals("left");
  }

  /**
   * The effective BERT normalizer.
   *
   * @param stated the one of {@code tokenizer.json}
   */
  JsonObject normalizer(JsonValue stated) {
    boolean lowercase = stated.require("lowercase").bool();
    Optional<Boolean> strips = stated.get("strip_accents").map(JsonValue::bool);
    boolean ideographs = stated.require("handle_chinese_chars").bool();
    JsonObject inForce = new JsonObject();
    inForce.addProperty("type", "BertNormalizer");
    inForce.addProperty("clean_text", stated.require("clean_text").bool());
    if (setsNormalizer) {
      boolean setLowercase = get("do_lower_case").map(JsonValue::bool).orElse(true);
      Optional<Boolean> setStrips = get("strip_accents").map(JsonValue::bool);
      boolean setIdeographs = get("tokenize_chinese_chars").map(JsonValue::bool).orElse(true);
      if (setLowercase != lowercase
          || setIdeographs != ideographs
          || !setStrips.orElse(setLowercase).equals(strips.orElse(lowercase))) {
        LOG.warn(
            "{} and {} differ in lower case, accents or Chinese characters ({}, {}, {}"
                + " and {}, {}, {}): the first one is used, as in Hugging Face Transformers.",
            file,
            stated.file(),
            setLowercase,
            setStrips.orElse(setLowercase),
            setIdeographs,
            lowercase,
            strips.orElse(lowercase),
            ideographs);
      }
      lowercase = setLowercase;
      strips = setStrips;
      ideographs = setIdeographs;
    }
    inForce.addProperty("handle_chinese_chars", ideographs);
    // If it is not stated, lower case implies it, as in the reference.
    inForce.addProperty("strip_accents", strips.orElse(lowercase));
    inForce.addProperty("lowercase", lowercase);
    return inForce;
  }
}
