package io.github.neuronembed.tokenizer;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.github.neuronembed.model.JsonValue;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The pre-tokenizer, which splits a text into words, and the decoder, which joins tokens again, for
 * a kind of model: BERT's with WordPiece, Metaspace with Unigram, ByteLevel with byte-pair
 * encoding. Rewritten from checked values.
 */
final class PreTokenizers {

  private static final Set<String> PREPEND_SCHEMES = Set.of("always", "first", "never");

  private PreTokenizers() {}

  /** Reads a definition's pre-tokenizer. */
  static JsonObject read(JsonValue stated, TokenModel.Kind kind) {
    return switch (kind) {
      case WORD_PIECE -> bert(stated);
      case UNIGRAM -> sentencePiece(stated);
      case BYTE_PAIR -> byteLevel(stated);
    };
  }

  /** Reads a definition's decoder; one that does not fit the model counts as none. */
  static JsonElement decoder(Optional<JsonValue> stated, TokenModel.Kind kind) {
    if (stated.isEmpty()) {
      return JsonNull.INSTANCE;
    }
    JsonValue decoder = stated.get();
    String type = decoder.require("type").string();
    if (kind == TokenModel.Kind.WORD_PIECE && type.equals("WordPiece")) {
      JsonObject copy = typed(decoder);
      copy.addProperty("prefix", decoder.require("prefix").string());
      copy.addProperty("cleanup", decoder.require("cleanup").bool());
      return copy;
    }
    if (kind == TokenModel.Kind.UNIGRAM && type.equals("Metaspace")) {
      return metaspace(decoder);
    }
    if (kind == TokenModel.Kind.BYTE_PAIR && type.equals("ByteLevel")) {
      return byteLevel(decoder);
    }
    return JsonNull.INSTANCE;
  }

  private static JsonObject bert(JsonValue stated) {
    requireType(
        stated, "BertPreTokenizer", "BertPreTokenizer, as for every model of the BERT family");
    return typed(stated);
  }

  private static JsonObject sentencePiece(JsonValue stated) {
    if (!stated.require("type").string().equals("Sequence")) {
      return metaspace(stated);
    }
    JsonValue parts = stated.require("pretokenizers");
    List<JsonValue> elements = parts.elements();
    if (elements.size() != 2) {
      throw parts.wrong("WhitespaceSplit and Metaspace");
    }
    requireType(elements.get(0), "WhitespaceSplit", "WhitespaceSplit, before Metaspace");
    JsonArray copies = new JsonArray();
    copies.add(typed(elements.get(0)));
    copies.add(metaspace(elements.get(1)));
    JsonObject copy = typed(stated);
    copy.add("pretokenizers", copies);
    return copy;
  }

  /** Files before tokenizers 0.19 have add_prefix_space in place of a scheme. */
  private static JsonObject metaspace(JsonValue stated) {
    requireType(stated, "Metaspace", "Metaspace, as for every SentencePiece model");
    JsonValue replacement = stated.require("replacement");
    if (replacement.string().codePointCount(0, replacement.string().length()) != 1) {
      throw replacement.wrong("one character");
    }
    boolean prefixes = stated.get("add_prefix_space").map(JsonValue::bool).orElse(true);
    Optional<JsonValue> scheme = stated.get("prepend_scheme");
    scheme
        .filter(value -> !PREPEND_SCHEMES.contains(value.string()))
        .ifPresent(
            value -> {
              throw value.wrong("\"always\", \"first\" or \"never\"");
            });
    JsonObject copy = typed(stated);
    copy.addProperty("replacement", replacement.string());
    copy.addProperty(
        "prepend_scheme", scheme.map(JsonValue::string).orElse(prefixes ? "always" : "never"));
    copy.addProperty("split", stated.get("split").map(JsonValue::bool).orElse(true));
    return copy;
  }

  private static JsonObject byteLevel(JsonValue stated) {
    requireType(stated, "ByteLevel", "ByteLevel, as for every RoBERTa");
    JsonObject copy = typed(stated);
    copy.addProperty("add_prefix_space", stated.require("add_prefix_space").bool());
    copy.addProperty("trim_offsets", stated.get("trim_offsets").map(JsonValue::bool).orElse(true));
    copy.addProperty("use_regex", stated.get("use_regex").map(JsonValue::bool).orElse(true));
    return copy;
  }

  private static void requireType(JsonValue part, String type, String expected) {
    if (!part.require("type").string().equals(type)) {
      throw part.require("type").wrong(expected);
    }
  }

  private static JsonObject typed(JsonValue part) {
    JsonObject typed = new JsonObject();
    typed.addProperty("type", part.require("type").string());
    return typed;
  }
}
