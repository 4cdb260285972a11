package io.github.neuronembed.tokenizer;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.github.neuronembed.model.JsonValue;
import java.util.Optional;

/**
 * The normalizer of a SentencePiece or byte-level tokenizer, rewritten from checked values. {@link
 * TokenizerConfig} has BERT's.
 *
 * @param json for the native tokenizer; null for none
 * @param keepsCuts whether a text may be cut before a space, see {@link SpacePieces}
 */
record Normalizers(JsonElement json, boolean keepsCuts) {

  /**
   * The normalizers that Transformers' converters of SentencePiece models put after its own table
   * (4.57).
   */
  private static final String SPACES = " {2,}";

  /** Reads a definition's normalizer. */
  static Normalizers read(Optional<JsonValue> stated) {
    return stated.map(Normalizers::read).orElse(new Normalizers(JsonNull.INSTANCE, true));
  }

  private static Normalizers read(JsonValue stated) {
    JsonValue type = stated.require("type");
    JsonObject copy = new JsonObject();
    copy.addProperty("type", type.string());
    boolean keepsCuts = true;
    switch (type.string()) {
      case "NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Nmt" -> {}
      case "Sequence" -> {
        JsonArray parts = new JsonArray();
        for (JsonValue part : stated.require("normalizers").elements()) {
          Normalizers read = read(part);
          parts.add(read.json);
          keepsCuts &= read.keepsCuts;
        }
        copy.add("normalizers", parts);
      }
      case "Precompiled" -> {
        JsonValue table = stated.require("precompiled_charsmap");
        PrecompiledCharsmap.check(table);
        copy.addProperty("precompiled_charsmap", table.string());
      }
      case "Strip" -> {
        keepsCuts = !stated.require("strip_left").bool();
        copy.addProperty("strip_left", stated.require("strip_left").bool());
        copy.addProperty("strip_right", stated.require("strip_right").bool());
      }
      case "Replace" -> keepsCuts = replace(stated, copy);
      default ->
          throw type.wrong(
              "Sequence, Precompiled, NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, Strip, Nmt or"
                  + " Replace, the ones that are known");
    }
    return new Normalizers(copy, keepsCuts);
  }

  private static boolean replace(JsonValue stated, JsonObject copy) {
    JsonValue pattern = stated.require("pattern");
    JsonObject patternCopy = new JsonObject();
    Optional<JsonValue> string = pattern.get("String");
    if (string.isPresent()) {
      if (string.get().string().isEmpty()) {
        throw string.get().wrong("a text of at least one character");
      }
      patternCopy.addProperty("String", string.get().string());
    } else {
      JsonValue regex = pattern.require("Regex");
      if (!regex.string().equals(SPACES)) {
        throw regex.wrong("\"%s\", the one expression that is known".formatted(SPACES));
      }
      patternCopy.addProperty("Regex", SPACES);
    }
    copy.add("pattern", patternCopy);
    copy.addProperty("content", stated.require("content").string());
    return string.isEmpty() || string.get().string().indexOf(' ') < 0;
  }

  /**
   * A normalizer after one that converts texts to lower case, as sentence-transformers (its
   * development version of 2026-08-21) does it.
   */
  static JsonElement lowercased(JsonElement normalizer) {
    JsonArray parts = new JsonArray();
    JsonObject first = new JsonObject();
    first.addProperty("type", "Lowercase");
    parts.add(first);
    if (!normalizer.isJsonNull()) {
      parts.add(normalizer);
    }
    JsonObject sequence = new JsonObject();
    sequence.addProperty("type", "Sequence");
    sequence.add("normalizers", parts);
    return sequence;
  }
}
