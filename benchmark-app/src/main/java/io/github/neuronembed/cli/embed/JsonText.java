package io.github.neuronembed.cli.embed;

import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import io.github.neuronembed.InputType;
import java.io.EOFException;
import java.io.IOException;
import java.io.Reader;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Texts in JSON, {@code {"id":…,"text":…,"type":"passage"|"document"|"query"}}: strictly, and with
 * the meaning that the server gives to the same words. A field of value null counts as absent,
 * other fields are skipped. Messages have nothing of a text in them.
 */
final class JsonText {

  private static final int MOST_NESTING = 32;

  private JsonText() {}

  /** A reader that takes JSON as its standard has it, and nothing else. */
  static JsonReader reader(Reader text) {
    JsonReader json = new JsonReader(text);
    json.setStrictness(Strictness.STRICT);
    json.setNestingLimit(MOST_NESTING);
    return json;
  }

  /**
   * Reads the next object.
   *
   * @param where for messages and the result
   * @param defaultId of an object without one
   * @throws BadLineException if it is an object, but not a text; the reader is then after the
   *     object
   * @throws IOException if there is no more or it is not JSON, see {@link #whatIsWrong}
   */
  static TextLine read(
      JsonReader json, String where, JsonPrimitive defaultId, InputType defaultType)
      throws IOException {
    JsonPrimitive id = defaultId;
    InputType type = defaultType;
    String text = null;
    String refusal = null;
    Set<String> seen = new HashSet<>();
    json.beginObject();
    while (json.hasNext()) {
      String name = json.nextName();
      boolean known = name.equals("id") || name.equals("text") || name.equals("type");
      if (json.peek() == JsonToken.NULL || !known || refusal != null) {
        json.skipValue();
        continue;
      }
      if (!seen.add(name)) {
        refusal = "\"%s\" is given twice".formatted(name);
        json.skipValue();
        continue;
      }
      switch (name) {
        case "id" -> {
          JsonPrimitive given = id(json);
          id = given == null ? id : given;
          refusal = given == null ? "\"id\" is not a string or a number" : null;
        }
        case "text" -> {
          text = string(json);
          refusal = text == null ? "\"text\" is not a string" : null;
        }
        default -> {
          InputType given = type(string(json));
          type = given == null ? type : given;
          refusal =
              given == null ? "\"type\" must be \"passage\", \"document\" or \"query\"" : null;
        }
      }
    }
    json.endObject();
    if (refusal == null && text == null) {
      refusal = "the object has no \"text\"";
    }
    if (refusal != null || text == null) {
      throw new BadLineException(where + ": " + refusal);
    }
    return new TextLine(id, text, type, where);
  }

  /** A string; null for another value, which is skipped. */
  static @Nullable String string(JsonReader json) throws IOException {
    if (json.peek() == JsonToken.STRING) {
      return json.nextString();
    }
    json.skipValue();
    return null;
  }

  private static @Nullable JsonPrimitive id(JsonReader json) throws IOException {
    if (json.peek() == JsonToken.NUMBER) {
      // As it is written, whatever its size.
      return JsonParser.parseString(json.nextString()).getAsJsonPrimitive();
    }
    String id = string(json);
    return id == null ? null : new JsonPrimitive(id);
  }

  private static @Nullable InputType type(@Nullable String word) {
    return switch (word == null ? "" : word) {
      case "query" -> InputType.QUERY;
      case "passage", "document" -> InputType.PASSAGE;
      default -> null;
    };
  }

  /**
   * The reason why the library stopped, in a message of ours, because the library's message may
   * contain parts of a text.
   *
   * @param e its exception
   * @param what the expected value, for example {@code a JSON object}
   * @throws IOException itself, if it is not about JSON
   */
  static String whatIsWrong(JsonReader json, IOException e, String what) throws IOException {
    if (!(e instanceof MalformedJsonException || e instanceof EOFException)) {
      throw e;
    }
    String message = String.valueOf(e.getMessage());
    if (message.startsWith("Unpaired surrogate")) {
      return "a string has half of a surrogate pair, which is not valid text";
    }
    if (message.startsWith("Nesting limit")) {
      return "it is nested deeper than %s levels".formatted(MOST_NESTING);
    }
    return "not %s: see character %s".formatted(what, json.getCharacterOffset());
  }
}
