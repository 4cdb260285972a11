package io.github.neuronembed.cli.embed;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Lines of UTF-8, of bounded length, strictly decoded. {@link java.io.BufferedReader} does neither:
 * it accepts lines of any length, and converts invalid UTF-8 to other text. A rejected line is
 * consumed, so reading can continue after it.
 */
final class LineReader implements Closeable {

  /** Past this, a line is not a text any more. */
  static final int MAX_LINE_BYTES = 64 << 20;

  private static final int BUFFER_BYTES = 1 << 16;

  private final InputStream in;
  private final int maxLineBytes;
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();
  private int from;
  private int to;
  private long number;

  LineReader(InputStream in) {
    this(in, MAX_LINE_BYTES);
  }

  LineReader(InputStream in, int maxLineBytes) {
    this.in = in;
    this.maxLineBytes = maxLineBytes;
  }

  /** Number of the line that was read last, from 1. */
  long number() {
    return number;
  }

  /** Whether the next {@link #next()} would have to wait for input. */
  boolean wouldBlock() throws IOException {
    return from == to && in.available() == 0;
  }

  /**
   * Reads a line.
   *
   * @return the line without its end (LF or CR LF), or null at the end of the input
   * @throws BadLineException if the line is too long or not UTF-8
   */
  @Nullable String next() throws IOException {
    line.reset();
    boolean tooLong = false;
    boolean any = false;
    while (true) {
      if (from == to) {
        from = 0;
        to = in.read(buffer);
        if (to < 0) {
          to = 0;
          if (!any) {
            return null;
          }
          break;
        }
      }
      any = true;
      int end = from;
      while (end < to && buffer[end] != '\n') {
        end++;
      }
      if (!tooLong && line.size() + (end - from) > maxLineBytes) {
        tooLong = true;
        line.reset();
      }
      if (!tooLong) {
        line.write(buffer, from, end - from);
      }
      boolean complete = end < to;
      from = complete ? end + 1 : end;
      if (complete) {
        break;
      }
    }
    number++;
    if (tooLong) {
      throw new BadLineException("the line is longer than %s bytes".formatted(maxLineBytes));
    }
    return decode(line.toByteArray());
  }

  private String decode(byte[] bytes) {
    int length = bytes.length;
    if (length > 0 && bytes[length - 1] == '\r') {
      length--;
    }
    int start = number == 1 && startsWithByteOrderMark(bytes, length) ? 3 : 0;
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .onUnmappableCharacter(CodingErrorAction.REPORT)
          .decode(ByteBuffer.wrap(bytes, start, length - start))
          .toString();
    } catch (CharacterCodingException e) {
      throw new BadLineException("the line is not valid UTF-8");
    }
  }

  private static boolean startsWithByteOrderMark(byte[] bytes, int length) {
    return length >= 3
        && bytes[0] == (byte) 0xEF
        && bytes[1] == (byte) 0xBB
        && bytes[2] == (byte) 0xBF;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
