package io.github.neuronembed.cli.bench.figures;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Periods longer than ten times the median latency in which no call ended, although a call had
 * begun or should have begun.
 *
 * @param count how many there were
 * @param totalSeconds of all
 * @param longestSeconds of the longest
 * @param longestAtSeconds when the longest began, since the start of the workers
 * @param medianMillis the median latency
 */
public record Stalls(
    int count,
    double totalSeconds,
    double longestSeconds,
    double longestAtSeconds,
    double medianMillis) {

  public static final Stalls NONE = new Stalls(0, 0, 0, 0, Double.NaN);

  private static final double FACTOR = 10;

  private record Call(long begin, long end) {}

  public static Stalls of(List<Timers> workers, double medianMillis) {
    List<Call> calls = new ArrayList<>();
    for (Timers worker : workers) {
      for (int call = 0; call < worker.size(); call++) {
        calls.add(new Call(worker.begin(call), worker.end(call)));
      }
    }
    calls.sort((a, b) -> Long.compare(a.end, b.end));
    // For each call, the earliest beginning among it and the calls that ended later: from that time
    // on, a call was waiting.
    long[] earliest = new long[calls.size()];
    long begin = Long.MAX_VALUE;
    for (int i = calls.size() - 1; i >= 0; i--) {
      begin = Math.min(begin, calls.get(i).begin);
      earliest[i] = begin;
    }
    int count = 0;
    long total = 0;
    long longest = 0;
    long longestAt = 0;
    long before = 0;
    for (int i = 0; i < earliest.length; i++) {
      long from = Math.max(before, earliest[i]);
      long gap = calls.get(i).end - from;
      if (gap > FACTOR * medianMillis * 1e6) {
        count++;
        total += gap;
        if (gap > longest) {
          longest = gap;
          longestAt = from;
        }
      }
      before = calls.get(i).end;
    }
    return new Stalls(count, total / 1e9, longest / 1e9, longestAt / 1e9, medianMillis);
  }

  /** A sentence about them; there must be at least one. */
  public String sentence() {
    return String.format(
        Locale.ROOT,
        "Stalled: no call ended from second %.2f to %.2f although calls waited"
            + " (%.0f ms, %.0f times the p50)%s.",
        longestAtSeconds,
        longestAtSeconds + longestSeconds,
        1000 * longestSeconds,
        1000 * longestSeconds / medianMillis,
        count == 1
            ? ""
            : "; %s such stalls took %s"
                .formatted(count, String.format(Locale.ROOT, "%.2f s", totalSeconds)));
  }
}
