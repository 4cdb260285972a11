package io.github.neuronembed.cli.embed;

import com.google.gson.JsonPrimitive;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import io.github.neuronembed.InputType;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import org.jspecify.annotations.Nullable;

/** Texts of lines: a line each, or a JSON object each. */
final class TextReader implements TextSource {

  private final String source;
  private final LineReader lines;
  private final InputType defaultType;
  private final long countBefore;
  private Format format;

  /**
   * @param source its name, for messages
   * @param format not {@link TextSource.Format#JSON}
   * @param countBefore lines of earlier sources
   */
  TextReader(
      String source, InputStream in, Format format, InputType defaultType, long countBefore) {
    this.source = source;
    this.lines = new LineReader(in);
    this.format = format;
    this.defaultType = defaultType;
    this.countBefore = countBefore;
  }

  @Override
  public long count() {
    return lines.number();
  }

  @Override
  public boolean wouldBlock() throws IOException {
    return lines.wouldBlock();
  }

  @Override
  public @Nullable TextLine next() throws IOException {
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
        format = isNamedJson() || beginsObject(line) ? Format.JSONL : Format.TEXT;
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
    return new JsonPrimitive(countBefore + lines.number());
  }

  private boolean isNamedJson() {
    return source.endsWith(".jsonl") || source.endsWith(".ndjson") || source.endsWith(".json");
  }

  private static boolean beginsObject(String line) {
    return line.stripLeading().startsWith("{");
  }

  private TextLine parse(String line) throws IOException {
    JsonReader json = JsonText.reader(new StringReader(line));
    try {
      if (json.peek() != JsonToken.BEGIN_OBJECT) {
        throw new BadLineException(where() + ": not a JSON object");
      }
      TextLine text = JsonText.read(json, where(), defaultId(), defaultType);
      // Throws if anything follows.
      JsonToken unusedEnd = json.peek();
      return text;
    } catch (IOException e) {
      throw new BadLineException(where() + ": " + JsonText.whatIsWrong(json, e, "a JSON object"));
    }
  }

  @Override
  public void close() throws IOException {
    lines.close();
  }
}
