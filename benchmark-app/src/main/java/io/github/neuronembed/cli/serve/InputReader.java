package io.github.neuronembed.cli.serve;

import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Reads the inputs to embed or to tokenize from a field of a request. */
final class InputReader {

  private final int mostTexts;
  private final boolean textsOnly;

  /**
   * @param mostTexts the most texts of a request
   * @param textsOnly whether token ids are refused
   */
  InputReader(int mostTexts, boolean textsOnly) {
    this.mostTexts = mostTexts;
    this.textsOnly = textsOnly;
  }

  /** A string, a list of strings, a list of token ids, or a list of such lists. */
  Inputs inputs(JsonBody body) throws IOException {
    JsonReader json = body.value();
    String field = body.field();
    JsonToken first = json.peek();
    if (first == JsonToken.STRING) {
      return Inputs.ofTexts(List.of(text(body, field)));
    }
    if (first != JsonToken.BEGIN_ARRAY) {
      throw body.wrong(field, "a string or a list");
    }
    json.beginArray();
    JsonToken kind = json.peek();
    if (textsOnly && (kind == JsonToken.NUMBER || kind == JsonToken.BEGIN_ARRAY)) {
      throw HttpError.invalid(
              field,
              "'%s' has token ids, and this server takes texts only (--texts-only): ids of another"
                      .formatted(field)
                  + " model's tokenizer would silently get wrong vectors. Configure the client"
                  + " to send texts.")
          .withCode("texts_only");
    }
    Inputs inputs =
        switch (kind) {
          case STRING -> Inputs.ofTexts(rest(body, field));
          case NUMBER -> Inputs.ofTokenIds(List.of(tokenIds(body, field)));
          case BEGIN_ARRAY -> Inputs.ofTokenIds(tokenIdLists(body, field));
          case END_ARRAY -> throw HttpError.empty(field);
          default -> throw body.wrong(field + "[0]", "a string, a token id or a list of token ids");
        };
    json.endArray();
    return inputs;
  }

  /** A list of strings. */
  List<String> texts(JsonBody body) throws IOException {
    String field = body.field();
    if (body.value().peek() != JsonToken.BEGIN_ARRAY) {
      throw body.wrong(field, "a list of strings");
    }
    body.value().beginArray();
    if (body.value().peek() == JsonToken.END_ARRAY) {
      throw HttpError.empty(field);
    }
    List<String> texts = rest(body, field);
    body.value().endArray();
    return texts;
  }

  /** A list of token ids, or a list of such lists. */
  List<int[]> tokenIds(JsonBody body) throws IOException {
    JsonReader json = body.value();
    String field = body.field();
    if (json.peek() != JsonToken.BEGIN_ARRAY) {
      throw body.wrong(field, "a list of token ids");
    }
    json.beginArray();
    if (json.peek() == JsonToken.END_ARRAY) {
      throw HttpError.empty(field);
    }
    List<int[]> lists =
        json.peek() == JsonToken.BEGIN_ARRAY
            ? tokenIdLists(body, field)
            : List.of(tokenIds(body, field));
    json.endArray();
    return lists;
  }

  private List<String> rest(JsonBody body, String field) throws IOException {
    List<String> texts = new ArrayList<>();
    while (body.value().hasNext()) {
      checkCapacity(field, texts.size());
      String where = "%s[%s]".formatted(field, texts.size());
      if (body.value().peek() != JsonToken.STRING) {
        throw body.wrong(where, "a string as the ones before it");
      }
      texts.add(text(body, where));
    }
    return texts;
  }

  private List<int[]> tokenIdLists(JsonBody body, String field) throws IOException {
    JsonReader json = body.value();
    List<int[]> lists = new ArrayList<>();
    while (json.hasNext()) {
      checkCapacity(field, lists.size());
      String where = "%s[%s]".formatted(field, lists.size());
      if (json.peek() != JsonToken.BEGIN_ARRAY) {
        throw body.wrong(where, "a list of token ids as the ones before it");
      }
      json.beginArray();
      lists.add(tokenIds(body, where));
      json.endArray();
    }
    return lists;
  }

  private static int[] tokenIds(JsonBody body, String where) throws IOException {
    JsonReader json = body.value();
    int[] ids = new int[16];
    int count = 0;
    while (json.hasNext()) {
      if (json.peek() != JsonToken.NUMBER) {
        throw body.wrong("%s[%s]".formatted(where, count), "a token id");
      }
      if (count == ids.length) {
        ids = Arrays.copyOf(ids, 2 * count);
      }
      ids[count++] = body.integer(where);
    }
    if (count == 0) {
      throw HttpError.empty(where);
    }
    return Arrays.copyOf(ids, count);
  }

  /**
   * Checks that the request may have another text.
   *
   * @param count how many it has so far
   */
  void checkCapacity(String field, int count) {
    if (count >= mostTexts) {
      throw HttpError.invalid(
          field,
          "'%s' has more than %s texts, the maximum of a request: send them in several requests, or"
                  .formatted(field, mostTexts)
              + " start the server with a larger --max-texts.");
    }
  }

  /** A string that is an input text. */
  String text(JsonBody body, String where) throws IOException {
    if (body.value().peek() != JsonToken.STRING) {
      throw body.wrong(where, "a string");
    }
    String text = body.value().nextString();
    if (text.isEmpty()) {
      throw HttpError.invalid(where, "'%s' is an empty string.".formatted(where));
    }
    int nul = text.indexOf('\0');
    if (nul >= 0) {
      throw HttpError.invalid(
          where, "'%s' has a NUL at character %s, which is not valid text.".formatted(where, nul));
    }
    if (!Unicode.isWellFormed(text)) {
      throw HttpError.invalid(
          where, "'%s' has half of a surrogate pair, which is not valid text.".formatted(where));
    }
    return text;
  }
}
