package io.github.neuronembed.cli.bench.load;

import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** When calls are meant to begin, in nanoseconds since the start of the workers. */
public interface Arrivals {

  /** No more calls. */
  long OVER = -1;

  /**
   * The next call of a worker. Thread-safe.
   *
   * @param freeNanos when the worker became free
   * @return when the call is meant to begin: later than {@code freeNanos} if the worker has to
   *     wait, earlier if the call has been waiting; or {@link #OVER}
   */
  long next(long freeNanos);

  /** A worker calls again as soon as it is free: latency is what one call takes. */
  static Arrivals closed(long durationNanos) {
    return free -> free < durationNanos ? free : OVER;
  }

  /**
   * Calls at even intervals, whatever the workers do. Latency counts from the intended beginning,
   * so a stall adds to the latency of every call that waited during it.
   *
   * @param callsPerSecond of all workers together
   */
  static Arrivals constant(double callsPerSecond, long durationNanos) {
    double gap = 1e9 / callsPerSecond;
    AtomicInteger calls = new AtomicInteger();
    return free -> {
      long at = (long) (calls.getAndIncrement() * gap);
      return at < durationNanos ? at : OVER;
    };
  }

  /**
   * Calls at random intervals, as of many independent clients (a Poisson process). The same seed
   * gives the same calls.
   *
   * @param callsPerSecond on average, of all workers together
   */
  static Arrivals poisson(double callsPerSecond, long durationNanos, long seed) {
    double gap = 1e9 / callsPerSecond;
    SplittableRandom random = new SplittableRandom(seed);
    return new Arrivals() {
      private double at;

      @Override
      public synchronized long next(long freeNanos) {
        at -= gap * Math.log(1 - random.nextDouble());
        return at < durationNanos ? (long) at : OVER;
      }
    };
  }

  /**
   * Calls at recorded times, whatever the workers do.
   *
   * @param offsetNanos ascending
   */
  static Arrivals at(long[] offsetNanos) {
    AtomicInteger calls = new AtomicInteger();
    return free -> {
      int call = calls.getAndIncrement();
      return call < offsetNanos.length ? offsetNanos[call] : OVER;
    };
  }

  /** This many calls, each as soon as a worker is free. */
  static Arrivals onePass(long calls) {
    AtomicLong left = new AtomicLong(calls);
    return free -> left.getAndDecrement() > 0 ? free : OVER;
  }
}
