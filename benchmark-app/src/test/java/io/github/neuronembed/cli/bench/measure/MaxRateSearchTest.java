package io.github.neuronembed.cli.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.neuronembed.cli.bench.figures.NeuronPerfRules;
import io.github.neuronembed.cli.bench.figures.Timers;
import io.github.neuronembed.cli.bench.load.Arrivals;
import io.github.neuronembed.cli.bench.result.RateStep;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** The search ends at the edge, wherever that is. */
class MaxRateSearchTest {

  /** A p99 that grows without bound towards a capacity, as that of any queue. */
  private static MaxRateSearch.Outcome queue(double rate, double capacity, double bound) {
    double p99 = rate >= capacity ? Double.NaN : 1 / (1 - rate / capacity);
    return new MaxRateSearch.Outcome(
        null, new RateStep(rate, p99, 1000, p99 <= bound, rate >= capacity ? "too much" : null));
  }

  @Test
  void findsTheEdgeFromBelowAndFromAbove() throws Exception {
    // 1 / (1 - r / 1000) is 5 at r = 800.
    for (double first : new double[] {1, 790, 1000, 50_000}) {
      MaxRateSearch.Found found = MaxRateSearch.search(first, rate -> queue(rate, 1000, 5));

      double best = Objects.requireNonNull(found.best()).step().rowsPerSecond();
      assertThat(best).as("from %s", first).isBetween(800 * (1 - MaxRateSearch.PRECISION), 800.0);
      assertThat(found.steps())
          .hasSizeLessThan(MaxRateSearch.MOST_STEPS)
          .contains(found.best().step());
      assertThat(found.steps())
          .filteredOn(RateStep::met)
          .allMatch(step -> step.rowsPerSecond() <= best);
    }
  }

  @Test
  void aBoundThatNoRateMeetsIsNoAnswer() throws Exception {
    MaxRateSearch.Found found = MaxRateSearch.search(100, rate -> queue(rate, 1000, 0.5));

    assertThat(found.best()).isNull();
    assertThat(found.steps()).hasSize(8).noneMatch(RateStep::met);
  }

  @Test
  void whatWasFoundBeforeTheEndStands() throws Exception {
    MaxRateSearch.Found found =
        MaxRateSearch.search(500, rate -> rate > 900 ? null : queue(rate, 1000, 5));

    assertThat(Objects.requireNonNull(found.best()).step().rowsPerSecond()).isEqualTo(500);
    assertThat(found.steps()).hasSize(1);
  }

  /** A single server with a fixed service time, in arrivals' own time: no clock is asked. */
  private static MaxRateSearch.Outcome simulated(double rate, double serviceMillis, double bound) {
    Arrivals arrivals = Arrivals.poisson(rate, 100_000_000_000L, 1);
    Timers timers = new Timers();
    long free = 0;
    for (long at = arrivals.next(0); at != Arrivals.OVER; at = arrivals.next(free)) {
      free = Math.max(free, at) + (long) (serviceMillis * 1e6);
      timers.add(at, free, 1);
    }
    double p99 = NeuronPerfRules.percentile(Timers.sortedMillis(List.of(timers)), 99);
    return new MaxRateSearch.Outcome(
        null, new RateStep(rate, p99, timers.size(), p99 <= bound, null));
  }

  @Test
  void aQueueWithAFixedServiceTimeIsLoadedAsItsTheorySays() throws Exception {
    // M/D/1 with a service time of 1 ms: at a load of 0.8, P(wait > t) is near
    // 0.957 · exp(-0.4475 t / ms), so the p99 of the latency is about 1 + ln(95.7) / 0.4475 = 11.2
    // ms.
    MaxRateSearch.Found found = MaxRateSearch.search(1000, rate -> simulated(rate, 1, 11.36));

    assertThat(Objects.requireNonNull(found.best()).step().rowsPerSecond())
        .isCloseTo(800, within(40.0));
  }
}
