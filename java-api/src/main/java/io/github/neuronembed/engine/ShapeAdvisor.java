package io.github.neuronembed.engine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Proposes the lengths to compile for the texts that were seen: those with the least padding, found
 * by dynamic programming over all choices.
 */
public final class ShapeAdvisor {

  private ShapeAdvisor() {}

  /**
   * A proposal.
   *
   * @param lengths to compile, ascending; the last holds the longest text
   * @param tokens of the texts, without padding
   * @param computedTokens of the texts, padded to the proposed lengths
   * @param singleLengthTokens of the texts, padded to the last length alone
   */
  public record Advice(
      List<Integer> lengths, long tokens, long computedTokens, long singleLengthTokens) {

    /** Part of the tokens computed with a single length that is saved, 0 to 1. */
    public double saved() {
      return 1 - (double) computedTokens / singleLengthTokens;
    }

    /** Part of the computed tokens that is padding, 0 to 1. */
    public double paddingRatio() {
      return 1 - (double) tokens / computedTokens;
    }
  }

  /**
   * Chooses lengths.
   *
   * @param texts how many texts there were, by tokens, see {@link EngineSnapshot#lengths()}
   * @param most how many lengths to compile at most
   * @param multiple every length is a multiple of this, as compilers like it
   * @param longest the model's limit: no length is above it, also if it is no multiple
   * @throws IllegalArgumentException if there are no texts, a count is not positive, or a text is
   *     longer than the limit
   */
  public static Advice advise(Map<Integer, Long> texts, int most, int multiple, int longest) {
    if (texts.isEmpty() || most < 1 || multiple < 1) {
      throw new IllegalArgumentException(
          "There is nothing to choose: texts, lengths and the multiple are positive in number.");
    }
    TreeMap<Integer, Long> byLength = new TreeMap<>();
    long tokens = 0;
    for (Map.Entry<Integer, Long> entry : texts.entrySet()) {
      int length = entry.getKey();
      long count = entry.getValue();
      if (length < 1 || length > longest || count < 1) {
        throw new IllegalArgumentException(
            "%s texts of %s tokens: a count is positive, and a length from 1 to %s."
                .formatted(count, length, longest));
      }
      tokens = Math.addExact(tokens, Math.multiplyExact(count, (long) length));
      int padded = (int) Math.min(longest, (length + multiple - 1L) / multiple * multiple);
      byLength.merge(padded, count, Math::addExact);
    }
    int[] lengths = byLength.keySet().stream().mapToInt(Integer::intValue).toArray();
    long[] upTo = new long[lengths.length + 1];
    int at = 0;
    for (long count : byLength.values()) {
      upTo[at + 1] = Math.addExact(upTo[at], count);
      at++;
    }
    List<Integer> chosen = choose(lengths, upTo, Math.min(most, lengths.length));
    long computed = 0;
    int first = 0;
    for (int length : chosen) {
      int end = Arrays.binarySearch(lengths, length) + 1;
      computed += (upTo[end] - upTo[first]) * length;
      first = end;
    }
    long single = upTo[lengths.length] * lengths[lengths.length - 1];
    return new Advice(List.copyOf(chosen), tokens, computed, single);
  }

  /**
   * The best choice of at most {@code most} lengths for the first n is a last one, the n-th, and
   * the best choice of one less for the first m, for the best m.
   */
  private static List<Integer> choose(int[] lengths, long[] upTo, int most) {
    int count = lengths.length;
    long[] cost = new long[count + 1];
    Arrays.fill(cost, 1, count + 1, Long.MAX_VALUE);
    int[][] before = new int[most + 1][count + 1];
    for (int used = 1; used <= most; used++) {
      long[] next = new long[count + 1];
      for (int n = 1; n <= count; n++) {
        next[n] = Long.MAX_VALUE;
        for (int m = 0; m < n; m++) {
          if (cost[m] == Long.MAX_VALUE) {
            continue;
          }
          long sum = cost[m] + (upTo[n] - upTo[m]) * lengths[n - 1];
          if (sum < next[n]) {
            next[n] = sum;
            before[used][n] = m;
          }
        }
      }
      cost = next;
    }
    List<Integer> chosen = new ArrayList<>();
    int n = count;
    for (int used = most; used > 0 && n > 0; used--) {
      chosen.add(0, lengths[n - 1]);
      n = before[used][n];
    }
    return chosen;
  }
}
