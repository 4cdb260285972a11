package io.github.neuronembed.engine.core;

import io.github.neuronembed.backend.Shape;
import java.util.List;

/**
 * How long executions of a core take, by shape: the median of the last few. A pause of the host
 * makes one execution look long and the next one short; it does not change the median. Learning
 * allocates nothing.
 */
public final class ServiceTimes {

  /** How many of the last observations of a shape count. This many are enough to know its time. */
  public static final int LATELY = 7;

  /** See {@link #nanosToChooseBy}. */
  private static final int TRUSTED = 512;

  /** Two times that differ by no more than this factor agree. */
  private static final double AGREES = 1.25;

  private final ByShape<Observed> shapes;

  /** Executions of all shapes. */
  private long executions;

  private static final class Observed {
    /** The last observations; the next one replaces the oldest. */
    final long[] lately = new long[LATELY];

    final long[] sorted = new long[LATELY];
    int count;
    int next;
    long median;

    /** The least median with which another observation agreed; 0 while none did. */
    long least;

    /** The value of {@link #executions} at the last observation. */
    long last;

    void add(long nanos) {
      lately[next] = nanos;
      next = (next + 1) % LATELY;
      count = Math.min(count + 1, LATELY);
      for (int i = 0; i < count; i++) {
        int at = i;
        for (; at > 0 && sorted[at - 1] > lately[i]; at--) {
          sorted[at] = sorted[at - 1];
        }
        sorted[at] = lately[i];
      }
      // Of two observations, the faster one: the first execution of a shape takes longer.
      median = sorted[(count - 1) / 2];
      if (isAgreedWith((count - 1) / 2)) {
        least = least == 0 ? median : Math.min(least, median);
      }
    }

    private boolean isAgreedWith(int at) {
      return (at > 0 && sorted[at] <= AGREES * sorted[at - 1])
          || (at + 1 < count && sorted[at + 1] <= AGREES * sorted[at]);
    }
  }

  public ServiceTimes(List<Shape> shapes) {
    this.shapes = new ByShape<>(shapes, Observed::new);
  }

  /** How long an execution of the shape takes; 0 if it was never executed. */
  public long nanos(Shape shape) {
    return shapes.get(shape).median;
  }

  /**
   * The time to use in a choice among shapes; 0 if the shape was never executed. A shape that looks
   * slow is chosen less often, so it would look slow permanently. Therefore this time decreases
   * while the shape is not executed: to half of {@link #nanos} after {@value #TRUSTED} executions
   * of other shapes, to a third after twice as many. It never falls below the least time on which
   * observations agreed, or half of that while the observations are few. So a slow shape is tried
   * only a few times.
   */
  public double nanosToChooseBy(Shape shape) {
    Observed observed = shapes.get(shape);
    double doubted = observed.median / (1 + (executions - observed.last) / (double) TRUSTED);
    return Math.max(observed.count < LATELY ? observed.least / 2.0 : observed.least, doubted);
  }

  void learn(Shape shape, long nanos) {
    Observed observed = shapes.get(shape);
    observed.add(Math.max(1, nanos));
    observed.last = ++executions;
  }
}
