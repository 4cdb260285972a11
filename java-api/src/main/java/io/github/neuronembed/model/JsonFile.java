package io.github.neuronembed.model;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import io.github.neuronembed.ModelLoadException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * A JSON object of a model directory. Whatever is wrong with it is a {@link ModelLoadException}
 * that names the file and the key.
 */
final class JsonFile {

  /** The files read this way are settings; tokenizer.json, the largest, is not among them. */
  private static final long MAX_BYTES = 8 << 20;

  private static final Gson GSON = new GsonBuilder().setStrictness(Strictness.STRICT).create();

  private final Path file;
  private final JsonObject object;

  private JsonFile(Path file, JsonObject object) {
    this.file = file;
    this.object = object;
  }

  /** Reads a file that has to be there. */
  static JsonFile required(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new ModelLoadException(
          "%s is missing. A model directory in the Hugging Face layout has it.".formatted(file));
    }
    return new JsonFile(file, object(file, parse(file)));
  }

  /** Reads a file that may be missing; then it is as if it were empty. */
  static JsonFile optional(Path file) {
    return Files.isRegularFile(file) ? required(file) : new JsonFile(file, new JsonObject());
  }

  /** Reads a file that holds a list of objects. */
  static List<JsonFile> list(Path file) {
    if (!Files.isRegularFile(file)) {
      return List.of();
    }
    JsonElement element = parse(file);
    if (!element.isJsonArray()) {
      throw new ModelLoadException("%s is not a JSON list.".formatted(file));
    }
    List<JsonFile> objects = new ArrayList<>();
    for (JsonElement one : element.getAsJsonArray()) {
      objects.add(new JsonFile(file, object(file, one)));
    }
    return objects;
  }

  private static JsonElement parse(Path file) {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new ModelLoadException(
            "%s has more than %d bytes; that is no settings file.".formatted(file, MAX_BYTES));
      }
      JsonElement element = GSON.fromJson(Files.readString(file), JsonElement.class);
      if (element == null) {
        throw new ModelLoadException("%s is empty. Fetch it again.".formatted(file));
      }
      return element;
    } catch (CharacterCodingException e) {
      throw new ModelLoadException("%s is not UTF-8. Fetch it again.".formatted(file), e);
    } catch (IOException e) {
      throw new ModelLoadException("%s cannot be read: %s.".formatted(file, e), e);
    } catch (JsonParseException e) {
      throw new ModelLoadException(
          "%s is not valid JSON, perhaps cut short. Fetch it again. (%s)"
              .formatted(file, e.getMessage()),
          e);
    }
  }

  private static JsonObject object(Path file, JsonElement element) {
    if (element instanceof JsonObject object) {
      return object;
    }
    throw new ModelLoadException("%s is not a JSON object.".formatted(file));
  }

  Path file() {
    return file;
  }

  boolean has(String key) {
    return object.has(key) && !object.get(key).isJsonNull();
  }

  List<String> keys() {
    return List.copyOf(object.keySet());
  }

  int positive(String key) {
    return optionalPositive(key)
        .orElseThrow(() -> new ModelLoadException("%s does not state %s.".formatted(file, key)));
  }

  OptionalInt optionalPositive(String key) {
    if (!has(key)) {
      return OptionalInt.empty();
    }
    if (object.get(key) instanceof JsonPrimitive value && value.isNumber()) {
      double number = value.getAsDouble();
      // Tokenizers state "no limit" as 1e30.
      if (number >= 1 && number == Math.rint(number)) {
        return OptionalInt.of((int) Math.min(number, Integer.MAX_VALUE));
      }
    }
    throw new ModelLoadException("%s: %s is not a positive whole number.".formatted(file, key));
  }

  int notNegative(String key, int byDefault) {
    if (!has(key)) {
      return byDefault;
    }
    if (object.get(key) instanceof JsonPrimitive value && value.isNumber()) {
      double number = value.getAsDouble();
      if (number >= 0 && number == Math.rint(number) && number <= Integer.MAX_VALUE) {
        return (int) number;
      }
    }
    throw new ModelLoadException("%s: %s is not a whole number from 0.".formatted(file, key));
  }

  boolean isTrue(String key) {
    if (!has(key)) {
      return false;
    }
    if (object.get(key) instanceof JsonPrimitive value && value.isBoolean()) {
      return value.getAsBoolean();
    }
    throw new ModelLoadException("%s: %s is neither true nor false.".formatted(file, key));
  }

  @Nullable String string(String key) {
    if (!has(key)) {
      return null;
    }
    if (object.get(key) instanceof JsonPrimitive value && value.isString()) {
      return value.getAsString();
    }
    throw new ModelLoadException("%s: %s is not a string.".formatted(file, key));
  }

  /** An object inside of this one; empty if it is not there. */
  JsonFile child(String key) {
    return new JsonFile(file, has(key) ? object(file, object.get(key)) : new JsonObject());
  }
}
