package io.github.neuronembed.cli.compare;

import io.github.neuronembed.cli.bench.figures.Bootstrap;
import io.github.neuronembed.cli.bench.result.Figures;
import io.github.neuronembed.cli.bench.result.Interval;
import io.github.neuronembed.cli.bench.result.Latency;
import java.util.List;

/** The metrics of a cell that are compared. */
enum Metric {
  THROUGHPUT("rows/s", 5) {
    @Override
    double of(Figures cell) {
      return cell.throughput().withStalls();
    }

    @Override
    Interval ratio(Figures before, Figures after) {
      // A run that is too short for its own interval is too short for an interval of the ratio.
      return before.throughput().interval().isKnown() && after.throughput().interval().isKnown()
          ? Bootstrap.ratioOfMeans(windows(before), windows(after))
          : Interval.UNKNOWN;
    }

    private static double[] windows(Figures cell) {
      List<Double> windows = cell.throughput().windows();
      return windows.stream().mapToDouble(Double::doubleValue).toArray();
    }
  },
  P50("p50 ms", 5) {
    @Override
    double of(Figures cell) {
      return cell.latency().p50().millis();
    }

    @Override
    Interval ratio(Figures before, Figures after) {
      return ofPercentiles(before.latency().p50(), after.latency().p50());
    }
  },
  P99("p99 ms", 10) {
    @Override
    double of(Figures cell) {
      return cell.latency().p99().millis();
    }

    @Override
    Interval ratio(Figures before, Figures after) {
      return ofPercentiles(before.latency().p99(), after.latency().p99());
    }
  };

  private final String title;
  private final double defaultPercent;

  Metric(String title, double defaultPercent) {
    this.title = title;
    this.defaultPercent = defaultPercent;
  }

  String title() {
    return title;
  }

  /** Default threshold in percent from which a change for the worse counts. */
  double defaultPercent() {
    return defaultPercent;
  }

  /** The figure of a cell; NaN if it has none. */
  abstract double of(Figures cell);

  /** Where the ratio of the second to the first surely is. */
  abstract Interval ratio(Figures before, Figures after);

  /** How many percent the second is worse than the first; negative if it is better. */
  double worsePercent(double ratio) {
    return 100 * (this == THROUGHPUT ? 1 - ratio : ratio - 1);
  }

  /** From the ends of both intervals, which errs towards "no change". */
  private static Interval ofPercentiles(Latency.Percentile before, Latency.Percentile after) {
    Interval ratio =
        new Interval(
            after.interval().low() / before.interval().high(),
            after.interval().high() / before.interval().low());
    return ratio.isKnown() ? ratio : Interval.UNKNOWN;
  }
}
