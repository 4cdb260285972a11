package io.github.neuronembed.cli.embed;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import io.github.neuronembed.InputType;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Texts of one source: a line each, or a JSON object each. */
final class TextReader implements Closeable {

  /** How a source writes its texts. */
  enum Format {
    /** JSON Lines if the first line begins as an object or the source is named so, else lines. */
    AUTO,
    /** Every line is a text, an empty one the empty text. */
    TEXT,
    /** {@code {"id":…,"text":…,"type":"passage"|"query"}} a line; id and type may be left out. */
    JSONL
  }

  private static final Gson GSON = new GsonBuilder().setStrictness(Strictness.STRICT).create();

  private final String source;
  private final LineReader lines;
  private final InputType defaultType;
  private final long numbersBefore;
  private Format format;

  /**
   * @param source its name, for messages
   * @param numbersBefore lines of earlier sources; ids that the input lacks count on from there
   */
  TextReader(
      String source, InputStream in, Format format, InputType defaultType, long numbersBefore) {
    this.source = source;
    this.lines = new LineReader(in);
    this.format = format;
    this.defaultType = defaultType;
    this.numbersBefore = numbersBefore;
  }

  /** Lines read so far. */
  long lineNumber() {
    return lines.number();
  }

  /** Whether the next {@link #next()} would have to wait for input. */
  boolean wouldBlock() throws IOException {
    return lines.wouldBlock();
  }

  /**
   * Reads the next text.
   *
   * @return the text, or null at the end of the source
   * @throws BadLineException if the line holds none; the next call goes on behind it
   */
  @Nullable TextLine next() throws IOException {
    while (true) {
      String line;
      try {
        line = lines.next();
      } catch (BadLineException e) {
        throw new BadLineException(where() + ": " + e.getMessage());
      }
      if (line == null) {
        return null;
      }
      boolean guessed = format == Format.AUTO;
      if (guessed) {
        format = isNamedJsonLines() || beginsObject(line) ? Format.JSONL : Format.TEXT;
      }
      if (format == Format.TEXT) {
        return new TextLine(defaultId(), line, defaultType, where());
      }
      if (!line.isBlank()) {
        try {
          return parse(line);
        } catch (BadLineException e) {
          throw guessed
              ? new BadLineException(
                  e.getMessage() + "; --input-format text takes lines as they are")
              : e;
        }
      }
    }
  }

  private String where() {
    return "%s, line %s".formatted(source, lines.number());
  }

  private JsonPrimitive defaultId() {
    return new JsonPrimitive(numbersBefore + lines.number());
  }

  private boolean isNamedJsonLines() {
    return source.endsWith(".jsonl") || source.endsWith(".ndjson");
  }

  private static boolean beginsObject(String line) {
    return line.stripLeading().startsWith("{");
  }

  private TextLine parse(String line) {
    JsonElement element;
    try {
      element = GSON.fromJson(line, JsonElement.class);
    } catch (JsonParseException e) {
      // The parser's own message quotes the text.
      throw new BadLineException(where() + ": not a JSON object");
    }
    if (!(element instanceof JsonObject object)) {
      throw new BadLineException(where() + ": not a JSON object");
    }
    if (!object.has("text")) {
      throw new BadLineException(where() + ": the object has no \"text\"");
    }
    if (!(object.get("text") instanceof JsonPrimitive text) || !text.isString()) {
      throw new BadLineException(where() + ": \"text\" is not a string");
    }
    JsonElement id = object.get("id");
    if (id != null && !(id instanceof JsonPrimitive p && (p.isString() || p.isNumber()))) {
      throw new BadLineException(where() + ": \"id\" is not a string or a number");
    }
    return new TextLine(
        id == null ? defaultId() : id.getAsJsonPrimitive(),
        text.getAsString(),
        type(object.get("type")),
        where());
  }

  private InputType type(@Nullable JsonElement type) {
    if (type == null) {
      return defaultType;
    }
    if (type instanceof JsonPrimitive p && p.isString()) {
      for (InputType known : InputType.values()) {
        if (known.name().toLowerCase(Locale.ROOT).equals(p.getAsString())) {
          return known;
        }
      }
    }
    throw new BadLineException(where() + ": \"type\" is neither \"passage\" nor \"query\"");
  }

  @Override
  public void close() throws IOException {
    lines.close();
  }
}
