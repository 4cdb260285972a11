package io.github.neuronembed.cli.bench.load;

import io.github.neuronembed.cli.UsageException;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Recorded arrivals. The line of a call says how long after the beginning it arrived, such as
 * {@code 1.25}, {@code 1.25s} or {@code 1250ms}. Empty lines and lines that begin with {@code #}
 * are skipped. The first arrival becomes the beginning.
 *
 * @param name where it is from, for the reports
 * @param offsetNanos ascending, the first 0
 */
@SuppressWarnings("ArrayRecordComponent") // made and read in this package, never compared
public record Trace(String name, long[] offsetNanos) {

  private static final Pattern LINE = Pattern.compile("(\\d{1,10}(?:\\.\\d{1,12})?)\\s*(s|ms)?");

  /**
   * Reads a file.
   *
   * @throws UsageException if a line is not an offset or is earlier than the one before, or if
   *     there is no offset
   * @throws IOException if it cannot be read
   */
  public static Trace read(Path file) throws IOException {
    long[] offsets = new long[1024];
    int size = 0;
    int number = 0;
    try {
      for (String line : Files.readAllLines(file)) {
        number++;
        String text = line.strip();
        if (text.isEmpty() || text.startsWith("#")) {
          continue;
        }
        Matcher matcher = LINE.matcher(text);
        if (!matcher.matches()) {
          throw wrong(file, number, "is not a time, for example 1.25s or 1250ms");
        }
        long nanos =
            new BigDecimal(matcher.group(1))
                .scaleByPowerOfTen("ms".equals(matcher.group(2)) ? 6 : 9)
                .longValue();
        if (size > 0 && nanos < offsets[size - 1]) {
          throw wrong(file, number, "is earlier than the line before");
        }
        if (size == offsets.length) {
          offsets = Arrays.copyOf(offsets, 2 * size);
        }
        offsets[size++] = nanos;
      }
    } catch (CharacterCodingException e) {
      throw new UsageException("--trace %s is not UTF-8.".formatted(file));
    }
    if (size == 0) {
      throw new UsageException("--trace %s has no line with a time.".formatted(file));
    }
    long first = offsets[0];
    return new Trace(
        String.valueOf(file.getFileName()),
        Arrays.stream(offsets, 0, size).map(offset -> offset - first).toArray());
  }

  private static UsageException wrong(Path file, int line, String what) {
    return new UsageException("--trace %s, line %s %s.".formatted(file, line, what));
  }

  /** When the last call arrives. */
  public long lengthNanos() {
    return offsetNanos[offsetNanos.length - 1];
  }

  /** Calls in a second on average; NaN if all come at once. */
  public double callsPerSecond() {
    return lengthNanos() == 0 ? Double.NaN : offsetNanos.length * 1e9 / lengthNanos();
  }
}
