package io.github.neuronembed.cli.advise;

import io.github.neuronembed.cli.UsageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * How many texts there were, by tokens: a line for each length, {@code TOKENS COUNT}. {@code embed
 * --lengths} writes it; a service writes its {@code EngineSnapshot.lengths()} so.
 */
public final class LengthsFile {

  private LengthsFile() {}

  /**
   * Reads one.
   *
   * @throws UsageException if a line is none of these, or there is none
   */
  public static Map<Integer, Long> read(Path file) throws IOException {
    Map<Integer, Long> texts = new TreeMap<>();
    int number = 0;
    for (String line : Files.readAllLines(file)) {
      number++;
      String[] parts = line.strip().split("\\s+", -1);
      if (line.isBlank()) {
        continue;
      }
      try {
        int tokens = Integer.parseInt(parts[0]);
        long count = Long.parseLong(parts.length == 2 ? parts[1] : "");
        if (tokens < 1 || count < 1) {
          throw new NumberFormatException();
        }
        texts.merge(tokens, count, Math::addExact);
      } catch (NumberFormatException | ArithmeticException e) {
        throw new UsageException(
            "%s, line %s: a line is TOKENS COUNT, two positive numbers such as 12 340."
                .formatted(file, number));
      }
    }
    if (texts.isEmpty()) {
      throw new UsageException("%s has no lengths.".formatted(file));
    }
    return texts;
  }

  /** What is written of lengths. */
  public static String text(Map<Integer, Long> texts) {
    StringBuilder text = new StringBuilder();
    new TreeMap<>(texts)
        .forEach((tokens, count) -> text.append(tokens).append(' ').append(count).append('\n'));
    return text.toString();
  }
}
