package io.github.neuronembed.cli.serve;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import java.io.EOFException;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads the JSON object of a request, field by field: strictly, without a tree in memory, and with
 * nothing of it in a message but names of fields and positions. Every method throws {@link
 * HttpError} when the body is not what it has to be. A field of value null counts as absent.
 */
final class JsonBody {

  /** Our own fields need three; what is ignored may have some more. */
  private static final int MOST_NESTING = 32;

  /** The longest field name that is worth repeating. */
  private static final int LONGEST_NAME = 64;

  private final JsonReader json;
  private final Set<String> seen = new HashSet<>();
  private String field = "";

  private JsonBody(String text) {
    json = new JsonReader(new StringReader(text));
    json.setStrictness(Strictness.STRICT);
    json.setNestingLimit(MOST_NESTING);
  }

  /** What is done with each field. */
  interface FieldReader {
    /** Reads the value of a field with the body's methods; returns false if it knows no such. */
    boolean read(String name, JsonBody body) throws IOException;
  }

  /**
   * Reads the whole body; fields that the reader does not know are ignored.
   *
   * @param bytes the body; its position moves
   */
  static void read(ByteBuffer bytes, FieldReader fields) {
    String text = decode(bytes);
    if (text.isBlank()) {
      throw HttpError.invalid(null, "The body is empty: send a JSON object.");
    }
    JsonBody body = new JsonBody(text);
    try {
      body.readObject(fields);
    } catch (MalformedJsonException | EOFException | NumberFormatException e) {
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

  /** The library has no types for it, and its own words may have parts of a text in them. */
  private static String whatIsWrong(String message) {
    if (message.startsWith("Nesting limit")) {
      return "is nested deeper than %s levels".formatted(MOST_NESTING);
    }
    if (message.startsWith("Unpaired surrogate")) {
      return "has half of a surrogate pair, which is no text";
    }
    return "is not JSON";
  }

  private static String decode(ByteBuffer bytes) {
    CharsetDecoder decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    CharBuffer text = CharBuffer.allocate(bytes.remaining());
    int start = bytes.position();
    CoderResult result = decoder.decode(bytes, text, true);
    if (result.isError()) {
      throw HttpError.invalid(
          null, "The body is not UTF-8: see byte %s.".formatted(bytes.position() - start));
    }
    return text.flip().toString();
  }

  private void readObject(FieldReader fields) throws IOException {
    if (json.peek() != JsonToken.BEGIN_OBJECT) {
      throw HttpError.invalid(null, "The body is %s, not a JSON object.".formatted(what()));
    }
    json.beginObject();
    while (json.hasNext()) {
      String name = json.nextName();
      field = name.length() <= LONGEST_NAME && isWellFormed(name) ? name : "a field";
      if (json.peek() == JsonToken.NULL || !fields.read(name, this)) {
        json.skipValue();
      } else if (!seen.add(name)) {
        throw HttpError.invalid(field, "'%s' is given twice.".formatted(field));
      }
    }
    json.endObject();
    field = "";
    if (json.peek() != JsonToken.END_DOCUMENT) {
      throw HttpError.invalid(null, "Something follows the JSON object.");
    }
  }

  /** A string, as long as a name is. */
  String word() throws IOException {
    if (json.peek() != JsonToken.STRING) {
      throw wrong(field, "a string");
    }
    String word = json.nextString();
    if (word.length() > 256 || !isWellFormed(word)) {
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

  private int integer(String where) throws IOException {
    if (json.peek() != JsonToken.NUMBER) {
      throw wrong(where, "an integer");
    }
    try {
      return json.nextInt();
    } catch (NumberFormatException e) {
      throw HttpError.invalid(where, "'%s' is not an integer of 32 bits.".formatted(where));
    }
  }

  /**
   * A string, a list of strings, a list of token ids, or a list of such lists.
   *
   * @param most how many texts there may be
   */
  Inputs inputs(int most) throws IOException {
    JsonToken first = json.peek();
    if (first == JsonToken.STRING) {
      return Inputs.ofTexts(List.of(text(field)));
    }
    if (first != JsonToken.BEGIN_ARRAY) {
      throw wrong(field, "a string or a list");
    }
    json.beginArray();
    JsonToken kind = json.peek();
    Inputs inputs =
        switch (kind) {
          case STRING -> Inputs.ofTexts(texts(most));
          case NUMBER -> Inputs.ofTokenIds(List.of(tokenIds(field)));
          case BEGIN_ARRAY -> Inputs.ofTokenIds(tokenIdLists(most));
          case END_ARRAY -> throw HttpError.invalid(field, "'%s' is empty.".formatted(field));
          default -> throw wrong(field + "[0]", "a string, a token id or a list of token ids");
        };
    json.endArray();
    return inputs;
  }

  private List<String> texts(int most) throws IOException {
    List<String> texts = new ArrayList<>();
    while (json.hasNext()) {
      checkRoom(texts.size(), most);
      String where = "%s[%s]".formatted(field, texts.size());
      if (json.peek() != JsonToken.STRING) {
        throw wrong(where, "a string as the ones before it");
      }
      texts.add(text(where));
    }
    return texts;
  }

  private List<int[]> tokenIdLists(int most) throws IOException {
    List<int[]> lists = new ArrayList<>();
    while (json.hasNext()) {
      checkRoom(lists.size(), most);
      String where = "%s[%s]".formatted(field, lists.size());
      if (json.peek() != JsonToken.BEGIN_ARRAY) {
        throw wrong(where, "a list of token ids as the ones before it");
      }
      json.beginArray();
      lists.add(tokenIds(where));
      json.endArray();
    }
    return lists;
  }

  private int[] tokenIds(String where) throws IOException {
    int[] ids = new int[16];
    int count = 0;
    while (json.hasNext()) {
      if (json.peek() != JsonToken.NUMBER) {
        throw wrong("%s[%s]".formatted(where, count), "a token id");
      }
      if (count == ids.length) {
        ids = Arrays.copyOf(ids, 2 * count);
      }
      ids[count++] = integer(where);
    }
    if (count == 0) {
      throw HttpError.invalid(where, "'%s' is empty.".formatted(where));
    }
    return Arrays.copyOf(ids, count);
  }

  private void checkRoom(int count, int most) {
    if (count == most) {
      throw HttpError.invalid(
          field, "'%s' has more than %s texts, the most of a request.".formatted(field, most));
    }
  }

  private String text(String where) throws IOException {
    String text = json.nextString();
    if (text.isEmpty()) {
      throw HttpError.invalid(where, "'%s' is an empty string.".formatted(where));
    }
    int nul = text.indexOf('\0');
    if (nul >= 0) {
      throw HttpError.invalid(
          where, "'%s' has a NUL at character %s, which is no text.".formatted(where, nul));
    }
    if (!isWellFormed(text)) {
      throw HttpError.invalid(
          where, "'%s' has half of a surrogate pair, which is no text.".formatted(where));
    }
    return text;
  }

  private static boolean isWellFormed(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isSurrogate(c)) {
        if (!Character.isHighSurrogate(c)
            || i + 1 == text.length()
            || !Character.isLowSurrogate(text.charAt(i + 1))) {
          return false;
        }
        i++;
      }
    }
    return true;
  }

  private HttpError wrong(@Nullable String where, String expected) throws IOException {
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
