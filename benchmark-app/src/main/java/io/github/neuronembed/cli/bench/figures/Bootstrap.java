package io.github.neuronembed.cli.bench.figures;

import io.github.neuronembed.cli.bench.result.Interval;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Confidence intervals by resampling. Neighbouring windows of a run resemble each other, so whole
 * blocks of neighbours are drawn (circular block bootstrap): single draws would give intervals that
 * are too narrow. The seed is fixed: the same samples give the same interval.
 */
public final class Bootstrap {

  /** With fewer windows an interval would look more certain than it is. */
  public static final int LEAST_SAMPLES = 10;

  private static final int BLOCK = 3;
  private static final int RESAMPLES = 2000;
  private static final long SEED = 20231101;

  private Bootstrap() {}

  /** The interval of the mean of consecutive windows. */
  public static Interval mean(double[] windows) {
    if (windows.length < LEAST_SAMPLES) {
      return Interval.UNKNOWN;
    }
    SplittableRandom random = new SplittableRandom(SEED);
    double[] means = new double[RESAMPLES];
    for (int i = 0; i < RESAMPLES; i++) {
      means[i] = resampledMean(windows, random);
    }
    return middle(means);
  }

  /** The interval of the second mean divided by the first. */
  public static Interval ratioOfMeans(double[] first, double[] second) {
    if (first.length < LEAST_SAMPLES || second.length < LEAST_SAMPLES) {
      return Interval.UNKNOWN;
    }
    SplittableRandom random = new SplittableRandom(SEED);
    double[] ratios = new double[RESAMPLES];
    for (int i = 0; i < RESAMPLES; i++) {
      ratios[i] = resampledMean(second, random) / resampledMean(first, random);
    }
    return middle(ratios);
  }

  private static double resampledMean(double[] windows, SplittableRandom random) {
    double sum = 0;
    for (int taken = 0; taken < windows.length; ) {
      int from = random.nextInt(windows.length);
      for (int i = 0; i < BLOCK && taken < windows.length; i++, taken++) {
        sum += windows[(from + i) % windows.length];
      }
    }
    return sum / windows.length;
  }

  private static Interval middle(double[] values) {
    Arrays.sort(values);
    double tail = 100 * (1 - Interval.CONFIDENCE) / 2;
    return new Interval(
        NeuronPerfRules.percentile(values, tail), NeuronPerfRules.percentile(values, 100 - tail));
  }
}
