package io.github.neuronembed.cli.embed;

import io.github.neuronembed.InputType;
import java.io.ByteArrayInputStream;
import java.io.IOException;

/** Bytes as input of {@code embed}: texts or bad lines, never more than the bytes can hold. */
public final class TextReaderFuzz {

  private TextReaderFuzz() {}

  /** Reads the bytes in every format. */
  public static void fuzzerTestOneInput(byte[] data) throws IOException {
    for (TextSource.Format format : TextSource.Format.values()) {
      read(data, format);
    }
  }

  private static void read(byte[] data, TextSource.Format format) throws IOException {
    try (TextReader reader =
        new TextReader("fuzz", new ByteArrayInputStream(data), format, InputType.PASSAGE, 0)) {
      for (int lines = 0; lines <= data.length + 1; lines++) {
        try {
          if (reader.next() == null) {
            return;
          }
        } catch (BadLineException e) {
          // The reader continues with the next line.
        }
      }
    }
    throw new AssertionError("More lines than bytes in " + format);
  }
}
