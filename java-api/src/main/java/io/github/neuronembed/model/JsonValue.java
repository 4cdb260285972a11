package io.github.neuronembed.model;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import io.github.neuronembed.ModelLoadException;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A value in a JSON file of a model directory. An error in the file, its syntax or a value's type
 * is a {@link ModelLoadException} that names the file and the position in it. Immutable and
 * thread-safe.
 */
public final class JsonValue {

  /** The largest configuration file that is read; real ones have a few kilobytes. */
  static final int MAX_CONFIG_BYTES = 1 << 20;

  /** The beginning of the text that Git LFS leaves in place of a file that is not downloaded. */
  static final String GIT_LFS_POINTER = "version https://git-lfs";

  private final Path file;
  private final String place;
  private final JsonElement element;

  private JsonValue(Path file, String place, JsonElement element) {
    this.file = file;
    this.place = place;
    this.element = element;
  }

  /**
   * Reads a file of strict JSON in UTF-8.
   *
   * @param maxBytes the largest size that is read
   * @return the file's one value
   * @throws ModelLoadException if the file is missing, unreadable, larger, or not JSON
   */
  public static JsonValue read(Path file, int maxBytes) {
    String text = text(file, maxBytes);
    if (text.startsWith(GIT_LFS_POINTER)) {
      throw new ModelLoadException(
          "%s is a Git LFS pointer, not the file itself: run git lfs pull there.".formatted(file));
    }
    try (JsonReader reader = new JsonReader(new StringReader(text))) {
      reader.setStrictness(Strictness.STRICT);
      // The parser would read an empty file as null.
      boolean empty = reader.peek() == JsonToken.END_DOCUMENT;
      JsonElement root = JsonParser.parseReader(reader);
      if (empty || reader.peek() != JsonToken.END_DOCUMENT) {
        throw new JsonParseException("text after the end of the value");
      }
      return new JsonValue(file, "", root);
    } catch (IOException | JsonParseException | IllegalStateException e) {
      throw new ModelLoadException(
          "%s is not valid JSON, or was truncated: copy it from the model's repository again (%s)."
              .formatted(file, firstLine(e)),
          e);
    }
  }

  private static String text(Path file, int maxBytes) {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(maxBytes + 1);
      if (bytes.length > maxBytes) {
        throw new ModelLoadException(
            "%s has more than %s bytes, too many for such a file: copy it from the model's"
                    .formatted(file, maxBytes)
                + " repository again.");
      }
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (NoSuchFileException e) {
      throw new ModelLoadException(
          "%s is missing: copy it from the model's repository.".formatted(file), e);
    } catch (CharacterCodingException e) {
      throw new ModelLoadException(
          "%s is not UTF-8 text: copy it from the model's repository again.".formatted(file), e);
    } catch (IOException e) {
      throw new ModelLoadException("%s cannot be read: %s.".formatted(file, e.getMessage()), e);
    }
  }

  private static String firstLine(Exception e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }

  /** The file of this value. */
  public Path file() {
    return file;
  }

  /**
   * A member of an object.
   *
   * @return empty if there is none of that name, or it is null
   * @throws ModelLoadException if this is not an object
   */
  public Optional<JsonValue> get(String key) {
    JsonElement member = object().get(key);
    return member == null || member.isJsonNull()
        ? Optional.empty()
        : Optional.of(new JsonValue(file, place.isEmpty() ? key : place + "." + key, member));
  }

  /**
   * A required member of an object.
   *
   * @throws ModelLoadException if it is missing, or this is not an object
   */
  public JsonValue require(String key) {
    return get(key)
        .orElseThrow(
            () ->
                new ModelLoadException(
                    "%s does not state \"%s\": copy it from the model's repository again, or add it."
                        .formatted(file, place.isEmpty() ? key : place + "." + key)));
  }

  /** Whether this is an object. */
  public boolean isObject() {
    return element.isJsonObject();
  }

  /** Whether this is an array. */
  public boolean isArray() {
    return element.isJsonArray();
  }

  /** Names of an object's members, in the order of the file. */
  public Set<String> keys() {
    return object().keySet();
  }

  /** Elements of an array. */
  public List<JsonValue> elements() {
    if (!(element instanceof JsonArray array)) {
      throw wrong("an array");
    }
    List<JsonValue> values = new ArrayList<>(array.size());
    for (int i = 0; i < array.size(); i++) {
      values.add(new JsonValue(file, place + "[" + i + "]", array.get(i)));
    }
    return values;
  }

  /** A string. */
  public String string() {
    if (element instanceof JsonPrimitive primitive && primitive.isString()) {
      return primitive.getAsString();
    }
    throw wrong("a string");
  }

  /** A boolean. */
  public boolean bool() {
    if (element instanceof JsonPrimitive primitive && primitive.isBoolean()) {
      return primitive.getAsBoolean();
    }
    throw wrong("true or false");
  }

  /** A number that is finite. */
  public double number() {
    if (element instanceof JsonPrimitive primitive
        && primitive.isNumber()
        && Double.isFinite(primitive.getAsDouble())) {
      return primitive.getAsDouble();
    }
    throw wrong("a number");
  }

  /**
   * An integer that is not negative.
   *
   * @return the value; {@link Integer#MAX_VALUE} for a larger one, which means no limit in files of
   *     this kind
   */
  public int natural() {
    if (element instanceof JsonPrimitive primitive && primitive.isNumber()) {
      double value = primitive.getAsDouble();
      if (value >= 0 && value == Math.rint(value)) {
        return (int) value;
      }
    }
    throw wrong("an integer that is not negative");
  }

  /** An integer above zero; otherwise as {@link #natural()}. */
  public int positive() {
    int value = natural();
    if (value == 0) {
      throw wrong("an integer above zero");
    }
    return value;
  }

  /**
   * The exception for an invalid value.
   *
   * @param expected the expected value, for example {@code a string}
   */
  public ModelLoadException wrong(String expected) {
    String what = place.isEmpty() ? "" : "\"" + place + "\" of ";
    String found = element.isJsonPrimitive() ? shorten(element.toString()) : kind();
    return new ModelLoadException(
        "%s%s must be %s, not %s.".formatted(what, file, expected, found));
  }

  private String kind() {
    return element.isJsonObject() ? "an object" : element.isJsonArray() ? "an array" : "null";
  }

  private static String shorten(String value) {
    return value.length() <= 60 ? value : value.substring(0, 57) + "...";
  }

  private JsonObject object() {
    if (element instanceof JsonObject object) {
      return object;
    }
    throw wrong("an object");
  }
}
