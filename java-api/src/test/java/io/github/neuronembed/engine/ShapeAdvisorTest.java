package io.github.neuronembed.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;

class ShapeAdvisorTest {

  /** Every subset of the lengths, one by one. */
  @Property(tries = 200)
  void noChoiceHasLessPadding(
      @ForAll @Size(min = 1, max = 9)
          Map<@IntRange(min = 1, max = 60) Integer, @LongRange(min = 1, max = 50) Long> texts,
      @ForAll @IntRange(min = 1, max = 5) int most) {
    List<Integer> lengths = texts.keySet().stream().sorted().toList();
    long best = Long.MAX_VALUE;
    for (int choice = 1; choice < 1 << lengths.size(); choice++) {
      if (Integer.bitCount(choice) <= most) {
        best = Math.min(best, cost(texts, lengths, choice));
      }
    }
    ShapeAdvisor.Advice advice = ShapeAdvisor.advise(texts, most, 1, 60);
    assertThat(advice.computedTokens()).isEqualTo(best);
    assertThat(advice.lengths()).hasSizeLessThanOrEqualTo(most).isSorted();
    assertThat(advice.singleLengthTokens()).isGreaterThanOrEqualTo(best);
  }

  private static long cost(Map<Integer, Long> texts, List<Integer> lengths, int choice) {
    long sum = 0;
    for (Map.Entry<Integer, Long> text : texts.entrySet()) {
      int padded = 0;
      for (int i = lengths.size() - 1; i >= 0; i--) {
        if ((choice >> i & 1) == 1 && lengths.get(i) >= text.getKey()) {
          padded = lengths.get(i);
        }
      }
      if (padded == 0) {
        return Long.MAX_VALUE;
      }
      sum += padded * text.getValue();
    }
    return sum;
  }

  @Example
  void lengthsAreMultiplesUpToTheLimit() {
    ShapeAdvisor.Advice advice = ShapeAdvisor.advise(Map.of(7, 100L, 20, 10L, 500, 1L), 3, 16, 505);
    assertThat(advice.lengths()).containsExactly(16, 32, 505);
    assertThat(advice.tokens()).isEqualTo(1_400);
    assertThat(advice.computedTokens()).isEqualTo(1_600 + 320 + 505);
    assertThat(advice.saved()).isGreaterThan(0.9);
    assertThatThrownBy(() -> ShapeAdvisor.advise(Map.of(9, 1L), 1, 1, 8))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("9 tokens");
  }
}
