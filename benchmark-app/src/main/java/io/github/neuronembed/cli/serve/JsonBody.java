package io.github.neuronembed.cli.serve;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.util.HashSet;
import java.util.Set;

/**
 * Reads the JSON object of a request, field by field. It reads strictly, and makes no tree or
 * second copy in memory. Its messages contain only field names and positions of the body. Every
 * method throws {@link HttpError} if the body is not what it must be. A field with the value null
 * counts as absent.
 */
final class JsonBody {

  /** Our own fields need four levels; ignored fields may have more. */
  private static final int MOST_NESTING = 32;

  /** The longest field name that a message repeats. */
  private static final int LONGEST_NAME = 64;

  private final JsonReader json;
  private String field = "";

  private JsonBody(RequestBody body) {
    json = new JsonReader(new InputStreamReader(body.stream(), decoder()));
    json.setStrictness(Strictness.STRICT);
    json.setNestingLimit(MOST_NESTING);
  }

  private static CharsetDecoder decoder() {
    return UTF_8
        .newDecoder()
        .onMalformedInput(CodingErrorAction.REPORT)
        .onUnmappableCharacter(CodingErrorAction.REPORT);
  }

  /** What is done with each field. */
  interface FieldReader {
    /**
     * Reads the value of a field with the body's methods; returns false if it does not know the
     * field.
     */
    boolean read(String name, JsonBody body) throws IOException;
  }

  /** Reads the whole body; fields that the reader does not know are ignored. */
  static void read(RequestBody bytes, FieldReader fields) {
    JsonBody body = new JsonBody(bytes);
    try {
      if (body.json.peek() != JsonToken.BEGIN_OBJECT) {
        throw HttpError.invalid(null, "The body is %s, not a JSON object.".formatted(body.what()));
      }
      body.readFields("", fields);
      if (body.json.peek() != JsonToken.END_DOCUMENT) {
        throw HttpError.invalid(null, "Something follows the JSON object.");
      }
    } catch (CharacterCodingException e) {
      throw HttpError.invalid(
          null, "The body is not UTF-8: see byte %s.".formatted(firstMalformed(bytes)));
    } catch (MalformedJsonException | EOFException | NumberFormatException e) {
      if (e instanceof EOFException && isBlank(bytes)) {
        throw HttpError.invalid(null, "The body is empty: send a JSON object.");
      }
      throw HttpError.invalid(
          null,
          "The body %s: see character %s%s."
              .formatted(
                  whatIsWrong(String.valueOf(e.getMessage())),
                  body.json.getCharacterOffset(),
                  body.field.isEmpty() ? "" : ", in '" + body.field + "'"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The library reports these errors without types, and its messages may contain parts of a text.
   */
  private static String whatIsWrong(String message) {
    if (message.startsWith("Nesting limit")) {
      return "is nested deeper than %s levels".formatted(MOST_NESTING);
    }
    if (message.startsWith("Unpaired surrogate")) {
      return "has half of a surrogate pair, which is not valid text";
    }
    return "is not JSON";
  }

  private static boolean isBlank(RequestBody body) {
    return new String(body.bytes(), UTF_8).isBlank();
  }

  /** The position of the first byte that is not valid UTF-8. */
  private static int firstMalformed(RequestBody body) {
    ByteBuffer bytes = ByteBuffer.wrap(body.bytes());
    CharsetDecoder decoder = decoder();
    CharBuffer ignored = CharBuffer.allocate(8192);
    while (decoder.decode(bytes, ignored, true).isOverflow()) {
      ignored.clear();
    }
    return bytes.position();
  }

  private void readFields(String within, FieldReader fields) throws IOException {
    Set<String> seen = new HashSet<>();
    json.beginObject();
    while (json.hasNext()) {
      String name = json.nextName();
      boolean repeatable = name.length() <= LONGEST_NAME && Unicode.isWellFormed(name);
      field = within + (repeatable ? name : "a field");
      if (json.peek() == JsonToken.NULL || !fields.read(name, this)) {
        json.skipValue();
      } else if (!seen.add(name)) {
        throw HttpError.invalid(within + name, "'%s' is given twice.".formatted(within + name));
      }
    }
    json.endObject();
    field = "";
  }

  /** The name of the current field, for messages. */
  String field() {
    return field;
  }

  /** An object, field by field. */
  void object(FieldReader fields) throws IOException {
    if (json.peek() != JsonToken.BEGIN_OBJECT) {
      throw wrong(field, "an object");
    }
    readFields(field + ".", fields);
  }

  /** A string that is at most as long as a name. */
  String word() throws IOException {
    if (json.peek() != JsonToken.STRING) {
      throw wrong(field, "a string");
    }
    String word = json.nextString();
    if (word.length() > 256 || !Unicode.isWellFormed(word)) {
      throw HttpError.invalid(field, "'%s' is not a name.".formatted(field));
    }
    return word;
  }

  boolean flag() throws IOException {
    if (json.peek() != JsonToken.BOOLEAN) {
      throw wrong(field, "true or false");
    }
    return json.nextBoolean();
  }

  int integer() throws IOException {
    return integer(field);
  }

  /**
   * An integer inside a field.
   *
   * @param where it is in the field, for messages
   */
  int integer(String where) throws IOException {
    if (json.peek() != JsonToken.NUMBER) {
      throw wrong(where, "an integer");
    }
    try {
      return json.nextInt();
    } catch (NumberFormatException e) {
      throw HttpError.invalid(where, "'%s' is not an integer of 32 bits.".formatted(where));
    }
  }

  /** An integer of at least 1: the length of vectors, or the number of results. */
  int positive() throws IOException {
    int number = integer();
    if (number < 1) {
      throw HttpError.invalid(field, "'%s' is not positive.".formatted(field));
    }
    return number;
  }

  /** The JSON reader, at the current value. */
  JsonReader value() {
    return json;
  }

  /** The error for a value that is not what it must be. */
  HttpError wrong(String where, String expected) throws IOException {
    return HttpError.invalid(where, "'%s' is %s, not %s.".formatted(where, what(), expected));
  }

  private String what() throws IOException {
    return switch (json.peek()) {
      case BEGIN_ARRAY -> "a list";
      case BEGIN_OBJECT -> "an object";
      case STRING -> "a string";
      case NUMBER -> "a number";
      case BOOLEAN -> "true or false";
      case NULL -> "null";
      default -> "nothing";
    };
  }
}
