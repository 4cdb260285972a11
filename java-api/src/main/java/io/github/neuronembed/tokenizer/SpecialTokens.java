package io.github.neuronembed.tokenizer;

import io.github.neuronembed.model.JsonValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The special tokens that the model sees around a text, as the post-processor of {@code
 * tokenizer.json} states them.
 *
 * @param single around one text
 * @param pair around two; null if the file states none
 */
record SpecialTokens(Template single, @Nullable Template pair) {

  /**
   * Special tokens around texts.
   *
   * @param parts ids before the first text, between texts, and after the last
   * @param types the token type of each of those ids
   * @param textTypes the token type of each text's tokens
   */
  record Template(List<List<Integer>> parts, List<List<Integer>> types, List<Integer> textTypes) {}

  /** Ids before a single text. */
  int[] leading() {
    return ints(single.parts().get(0));
  }

  /** Ids after a single text. */
  int[] trailing() {
    return ints(single.parts().get(1));
  }

  static int[] ints(List<Integer> values) {
    return values.stream().mapToInt(Integer::intValue).toArray();
  }

  /**
   * Reads a post-processor.
   *
   * @param id checks the id of a token
   */
  static SpecialTokens read(JsonValue processor, ToIntFunction<JsonValue> id) {
    return switch (processor.require("type").string()) {
      case "BertProcessing" -> {
        List<Integer> cls = List.of(idOf(processor.require("cls"), id));
        List<Integer> sep = List.of(idOf(processor.require("sep"), id));
        yield new SpecialTokens(
            single(cls, sep),
            new Template(
                List.of(cls, sep, sep),
                List.of(List.of(0), List.of(0), List.of(1)),
                List.of(0, 1)));
      }
      case "RobertaProcessing" -> {
        int sep = idOf(processor.require("sep"), id);
        List<Integer> cls = List.of(idOf(processor.require("cls"), id));
        yield new SpecialTokens(
            single(cls, List.of(sep)),
            new Template(
                List.of(cls, List.of(sep, sep), List.of(sep)),
                List.of(List.of(0), List.of(0, 0), List.of(0)),
                List.of(0, 0)));
      }
      case "TemplateProcessing" -> {
        Template single = template(processor, "single", List.of("A"), id);
        Optional<JsonValue> pair =
            processor.get("pair").filter(stated -> !stated.elements().isEmpty());
        yield new SpecialTokens(
            single, pair.isPresent() ? template(processor, "pair", List.of("A", "B"), id) : null);
      }
      default ->
          throw processor
              .require("type")
              .wrong("TemplateProcessing, BertProcessing or RobertaProcessing");
    };
  }

  private static Template single(List<Integer> before, List<Integer> after) {
    return new Template(List.of(before, after), List.of(List.of(0), List.of(0)), List.of(0));
  }

  private static int idOf(JsonValue tokenAndId, ToIntFunction<JsonValue> id) {
    List<JsonValue> pair = tokenAndId.elements();
    if (pair.size() != 2) {
      throw tokenAndId.wrong("a token and its id");
    }
    return id.applyAsInt(pair.get(1));
  }

  private static Template template(
      JsonValue processor, String key, List<String> texts, ToIntFunction<JsonValue> id) {
    List<List<Integer>> parts = new ArrayList<>();
    List<List<Integer>> types = new ArrayList<>();
    List<Integer> textTypes = new ArrayList<>();
    parts.add(new ArrayList<>());
    types.add(new ArrayList<>());
    for (JsonValue piece : processor.require(key).elements()) {
      Optional<JsonValue> special = piece.get("SpecialToken");
      JsonValue part = special.orElseGet(() -> piece.require("Sequence"));
      int type = part.require("type_id").natural();
      if (type > texts.size() - 1) {
        throw part.require("type_id")
            .wrong(
                texts.size() == 1
                    ? "0, the only token type of a single text"
                    : "0 or 1, the token types of a pair of texts");
      }
      int at = textTypes.size();
      if (special.isPresent()) {
        JsonValue token = processor.require("special_tokens").require(part.require("id").string());
        for (JsonValue tokenId : token.require("ids").elements()) {
          parts.get(at).add(id.applyAsInt(tokenId));
          types.get(at).add(type);
        }
      } else if (at == texts.size() || !part.require("id").string().equals(texts.get(at))) {
        throw part.wrong(
            texts.size() == 1 ? "the text A, once" : "the texts A and B, once, in this order");
      } else {
        textTypes.add(type);
        parts.add(new ArrayList<>());
        types.add(new ArrayList<>());
      }
    }
    if (textTypes.size() != texts.size()) {
      throw processor
          .require(key)
          .wrong(
              texts.size() == 1
                  ? "a template with the text A"
                  : "a template with the texts A and B");
    }
    return new Template(parts, types, textTypes);
  }
}
