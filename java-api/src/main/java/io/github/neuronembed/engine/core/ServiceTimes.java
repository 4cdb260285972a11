package io.github.neuronembed.engine.core;

import io.github.neuronembed.backend.Shape;
import java.util.List;

/**
 * How long executions of a core take, by shape: the median of the last few, so that a pause of the
 * host, which makes one execution look long and the next one short, changes nothing. Learning
 * allocates nothing.
 */
public final class ServiceTimes {

  /** Observations of a shape that count: so many are enough to know it. */
  public static final int LATELY = 7;

  /** See {@link #nanosToChooseBy}. */
  private static final int TRUSTED = 512;

  /** Two times that differ by no more than this factor agree. */
  private static final double AGREES = 1.25;

  private final ByShape<Observed> shapes;

  /** Executions of all shapes. */
  private long executions;

  private static final class Observed {
    /** The last ones, the oldest of which the next one replaces. */
    final long[] lately = new long[LATELY];

    final long[] sorted = new long[LATELY];
    int count;
    int next;
    long median;

    /** The least median that another observation agreed with; 0 as long as none did. */
    long least;

    /** What {@link #executions} was at the last one. */
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
      // Of two the faster one: what is done for the first time takes longer.
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

  /** How long an execution of the shape takes, 0 if never seen. */
  public long nanos(Shape shape) {
    return shapes.get(shape).median;
  }

  /**
   * What a choice among shapes counts with, 0 if never seen. A shape that looks slow is chosen
   * less, and so it would look slow for good. Therefore it counts for less the longer it was not
   * executed: for half of {@link #nanos} after {@value #TRUSTED} executions of other shapes, for a
   * third after twice as many; but for no less than the least time that observations agreed on, or
   * half of it while they are few. So a shape that is slow is tried no more than a few times.
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
