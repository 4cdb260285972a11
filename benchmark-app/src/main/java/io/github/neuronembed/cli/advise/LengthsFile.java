package io.github.neuronembed.cli.advise;

import io.github.neuronembed.cli.UsageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How many texts there were, by tokens: a line for each length, {@code TOKENS COUNT}, as {@code
 * embed --lengths} writes them and a service its {@code EngineSnapshot.lengths()}; or a service's
 * Prometheus metrics, of which the buckets of {@code embedding_text_tokens} count, each as long as
 * it may be.
 */
public final class LengthsFile {

  private static final String METRIC = "embedding_text_tokens_bucket";
  private static final Pattern BUCKET =
      Pattern.compile(METRIC + "\\{(?:.*,)?le=\"([0-9.Ee]+|\\+Inf)\".*} ([0-9.Ee+]+)(?: .*)?");

  private LengthsFile() {}

  /**
   * Reads a file.
   *
   * @throws UsageException if a line has none of these formats, or there is no line, or the lengths
   *     are not stated
   */
  public static Map<Integer, Long> read(Path file) throws IOException {
    List<String> lines = Files.readAllLines(file);
    Map<Integer, Long> texts =
        lines.stream().anyMatch(line -> line.startsWith("#") || line.startsWith(METRIC))
            ? ofPrometheus(file, lines)
            : ofLines(file, lines);
    if (texts.isEmpty()) {
      throw new UsageException("%s has no lengths.".formatted(file));
    }
    return texts;
  }

  /**
   * A bucket counts all texts up to its bound, and the buckets of all models of the service are
   * added.
   */
  private static Map<Integer, Long> ofPrometheus(Path file, List<String> lines) {
    TreeMap<Double, Long> upTo = new TreeMap<>();
    for (String line : lines) {
      Matcher bucket = BUCKET.matcher(line);
      if (line.startsWith(METRIC) && bucket.matches()) {
        String bound = bucket.group(1);
        upTo.merge(
            bound.equals("+Inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(bound),
            (long) Double.parseDouble(bucket.group(2)),
            Math::addExact);
      }
    }
    Map<Integer, Long> texts = new TreeMap<>();
    long before = 0;
    for (Map.Entry<Double, Long> bucket : upTo.entrySet()) {
      long count = bucket.getValue() - before;
      before = bucket.getValue();
      if (count > 0 && bucket.getKey().isInfinite()) {
        throw new UsageException("%s has %s texts without a stated length.".formatted(file, count));
      }
      if (count > 0) {
        texts.put(bucket.getKey().intValue(), count);
      }
    }
    return texts;
  }

  private static Map<Integer, Long> ofLines(Path file, List<String> lines) {
    Map<Integer, Long> texts = new TreeMap<>();
    int number = 0;
    for (String line : lines) {
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
            "%s, line %s: expected TOKENS COUNT, two positive numbers, for example 12 340."
                .formatted(file, number));
      }
    }
    return texts;
  }

  /** The written form of lengths. */
  public static String text(Map<Integer, Long> texts) {
    StringBuilder text = new StringBuilder();
    new TreeMap<>(texts)
        .forEach((tokens, count) -> text.append(tokens).append(' ').append(count).append('\n'));
    return text.toString();
  }
}
