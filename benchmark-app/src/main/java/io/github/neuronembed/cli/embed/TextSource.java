package io.github.neuronembed.cli.embed;

import io.github.neuronembed.InputType;
import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/** The texts of a file or of standard input, one after the other. */
public interface TextSource extends Closeable {

  /** How a source writes its texts. */
  enum Format {
    /**
     * By its name: JSON Lines (.jsonl, .ndjson), a JSON array (.json that begins with a bracket).
     * By its beginning: JSON Lines (a brace), a JSON array (a bracket, then a brace). Else lines.
     */
    AUTO,
    /** Every line is a text, an empty one the empty text. */
    TEXT,
    /** An object a line, see {@link JsonText}. */
    JSONL,
    /** One array of such objects, or of strings. */
    JSON
  }

  /** The part of the input that is read to distinguish an array from lines. */
  int BEGINNING_BYTES = 1 << 13;

  /**
   * Opens a source.
   *
   * @param name for messages, and for {@link Format#AUTO}
   * @param in closed with the source
   * @param countBefore texts or lines of earlier sources; ids that the input lacks count on
   */
  static TextSource open(
      String name, InputStream in, Format format, InputType defaultType, long countBefore)
      throws IOException {
    BufferedInputStream buffered = new BufferedInputStream(in);
    boolean array =
        format == Format.JSON
            || (format == Format.AUTO && beginsArray(buffered, name.endsWith(".json")));
    return array
        ? new JsonArrayReader(name, buffered, defaultType, countBefore)
        : new TextReader(name, buffered, format, defaultType, countBefore);
  }

  /**
   * Whether the input begins as an array, which may then be of anything, or as an array of objects:
   * a line of text may begin with a bracket, too.
   */
  private static boolean beginsArray(BufferedInputStream in, boolean ofAnything)
      throws IOException {
    in.mark(BEGINNING_BYTES);
    try {
      boolean bracket = false;
      for (int i = 0; i < BEGINNING_BYTES; i++) {
        int next = in.read();
        switch (next) {
          // White space, and the bytes of a byte order mark.
          case ' ', '\t', '\r', '\n', 0xEF, 0xBB, 0xBF -> {}
          case '[' -> {
            if (bracket || ofAnything) {
              return ofAnything;
            }
            bracket = true;
          }
          default -> {
            return bracket && next == '{';
          }
        }
      }
      return false;
    } finally {
      in.reset();
    }
  }

  /**
   * Reads the next text.
   *
   * @return the text, or null at the end of the source
   * @throws BadLineException if the next line is not a text; the next call continues after it
   */
  @Nullable TextLine next() throws IOException;

  /** Whether the next {@link #next()} would have to wait for input, as far as this is known. */
  boolean wouldBlock() throws IOException;

  /** Lines or items read so far. */
  long count();
}
