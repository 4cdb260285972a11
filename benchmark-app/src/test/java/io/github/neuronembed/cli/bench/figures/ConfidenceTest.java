package io.github.neuronembed.cli.bench.figures;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.cli.bench.report.MadeRun;
import io.github.neuronembed.cli.bench.result.Cell;
import io.github.neuronembed.cli.bench.result.CellResult;
import io.github.neuronembed.cli.bench.result.Figures;
import io.github.neuronembed.cli.bench.result.Interval;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** How sure a figure is. */
class ConfidenceTest {

  private static final long MILLI = 1_000_000;

  @Test
  void theIntervalHoldsTheTrueMeanAboutAsOftenAsItSays() {
    Random random = new Random(1);
    int held = 0;
    for (int run = 0; run < 200; run++) {
      double[] windows = random.doubles(30).map(x -> 90 + 20 * x).toArray();
      if (Bootstrap.mean(windows).contains(100)) {
        held++;
      }
    }
    assertThat(held).isBetween(170, 200);
  }

  @Test
  void theIntervalOfARatioHoldsTheRatioAndSeesTheChange() {
    Random random = new Random(2);
    int held = 0;
    for (int run = 0; run < 200; run++) {
      double[] first = random.doubles(30).map(x -> 95 + 10 * x).toArray();
      double[] second = random.doubles(30).map(x -> 85 + 10 * x).toArray();
      Interval ratio = Bootstrap.ratioOfMeans(first, second);
      held += ratio.contains(0.9) ? 1 : 0;
      assertThat(ratio.contains(1)).isFalse();
    }
    assertThat(held).isBetween(170, 200);
  }

  @Test
  void fewWindowsGiveNoInterval() {
    assertThat(Bootstrap.mean(new double[9]).isKnown()).isFalse();
    assertThat(Bootstrap.ratioOfMeans(new double[30], new double[9]).isKnown()).isFalse();
  }

  @Test
  void thePercentilesIntervalIsThatOfTheBinomialDistribution() {
    double[] sorted = new double[1000];
    Arrays.setAll(sorted, i -> i);

    // 500 ± 1.96·√250 = 469.01 to 530.99, and 990 ± 1.96·√9.9 = 983.8 to 996.2.
    assertThat(PercentileInterval.of(sorted, 50)).isEqualTo(new Interval(468, 531));
    assertThat(PercentileInterval.of(sorted, 99)).isEqualTo(new Interval(982, 997));
    assertThat(PercentileInterval.of(sorted, 0).isKnown()).isFalse();
    assertThat(PercentileInterval.of(sorted, 100).isKnown()).isFalse();
    assertThat(PercentileInterval.of(new double[661], 99).isKnown()).isFalse();
  }

  @Test
  void windowsHaveTheThroughputAsTheirMeanAndShowAStallWhereItWas() {
    Timers timers = new Timers();
    long now = 0;
    for (int call = 0; call < 300; call++) {
      long took = call == 150 ? 1000 * MILLI : 10 * MILLI;
      timers.add(now, now + took, 4);
      now += took;
    }

    CellResult result = MadeRun.result(new Cell(new Shape(4, 8), 1, 1), List.of(timers));

    Figures.Throughput throughput = MadeRun.figures(result).throughput();
    List<Double> windows = throughput.windows();
    assertThat(windows).hasSize(30);
    assertThat(windows.stream().mapToDouble(rows -> rows).average().orElseThrow())
        .isCloseTo(throughput.withStalls(), within(1e-6));
    assertThat(windows.get(0)).isCloseTo(400, within(1e-6));
    assertThat(windows.get(14)).isCloseTo(4, within(1e-6));
    assertThat(throughput.interval().contains(throughput.withStalls())).isTrue();
  }
}
