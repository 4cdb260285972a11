package io.github.neuronembed.engine;

import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.engine.core.Core;
import io.github.neuronembed.engine.core.Cores;
import io.github.neuronembed.engine.core.ServiceTimes;
import io.github.neuronembed.engine.core.Slot;
import io.github.neuronembed.engine.queue.Buckets;
import io.github.neuronembed.engine.queue.Group;
import io.github.neuronembed.engine.queue.PackedBatches;
import io.github.neuronembed.engine.queue.PlainBatches;
import io.github.neuronembed.engine.queue.Request;
import io.github.neuronembed.engine.queue.RequestQueue;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.function.IntSupplier;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Simulates an engine on NeuronCores with given execution times: the engine's own scheduler with a
 * simulated clock. The host and the transfers take no time, so the result is the limit of the
 * device. Each call is a separate simulation, in the interactive lane. Not thread-safe.
 */
public final class EngineSimulation {

  /**
   * Maximum number of waiting requests in a run without a rate: more than the candidates of a
   * batch.
   */
  private static final int BACKLOG = 1_024;

  private static final int SLOTS_PER_CORE = 2;

  private final List<Shape> shapes;
  private final ToLongFunction<Shape> nanos;
  private final int cores;

  /**
   * The result of a run.
   *
   * @param textsPerSecond of all cores together
   * @param textsPerExecution on average
   * @param tokenFill share of the computed tokens that belong to texts, 0 to 1
   * @param busy share of the time in which the cores computed, 0 to 1
   * @param p50Nanos the median time from a text's arrival to its vector
   * @param p99Nanos one text in a hundred takes longer than this
   */
  public record Outcome(
      double textsPerSecond,
      double textsPerExecution,
      double tokenFill,
      double busy,
      long p50Nanos,
      long p99Nanos) {}

  /**
   * @param shapes of every core; exact, as NEFFs are
   * @param nanos how long an execution of a shape takes, above 0
   * @param cores that compute, each one execution at a time
   * @throws IllegalArgumentException if there are no shapes, no cores, or a time is not positive
   */
  public EngineSimulation(List<Shape> shapes, ToLongFunction<Shape> nanos, int cores) {
    if (shapes.isEmpty() || cores < 1) {
      throw new IllegalArgumentException("There is at least one shape, and one core.");
    }
    for (Shape shape : shapes) {
      if (nanos.applyAsLong(shape) <= 0) {
        throw new IllegalArgumentException("The shape %s takes no time.".formatted(shape));
      }
    }
    this.shapes = List.copyOf(shapes);
    this.nanos = nanos;
    this.cores = cores;
  }

  /**
   * Serves texts while there are always more: the maximum throughput of the cores.
   *
   * @param lengths tokens of the next text, 1 to the longest shape's
   * @param texts how many
   * @throws IllegalArgumentException if a text is longer
   */
  public Outcome offline(IntSupplier lengths, int texts) {
    return new Life(lengths, texts, 0, 0).run();
  }

  /**
   * Serves texts that arrive one by one at random (a Poisson process).
   *
   * @param lengths tokens of the next text, 1 to the longest shape's
   * @param texts how many
   * @param textsPerSecond their rate, above 0; with a rate that the cores cannot serve the times
   *     grow without limit
   * @param seed of the arrivals
   * @throws IllegalArgumentException if a text is longer, or the rate is not above 0
   */
  public Outcome atRate(IntSupplier lengths, int texts, double textsPerSecond, long seed) {
    if (!(textsPerSecond > 0)) {
      throw new IllegalArgumentException("A rate is above 0, not %s.".formatted(textsPerSecond));
    }
    return new Life(lengths, texts, textsPerSecond, seed).run();
  }

  /** A running execution. */
  private record Execution(Lease lease, long endNanos) {}

  private final class Life {
    private final IntSupplier lengths;
    private final int texts;
    private final double nanosBetween;
    private final SplittableRandom random;
    private final RequestQueue queue;
    private final Scheduler scheduler;
    private final Buckets buckets = new Buckets(shapes);
    private final PriorityQueue<Execution> running =
        new PriorityQueue<>(Comparator.comparingLong(Execution::endNanos));
    private final long[] freeAt = new long[cores];
    private final long[] latencies;
    private final int[][][] rows;
    private long now = 1;
    private double nextArrival = 1;
    private int offered;
    private int ended;
    private long executions;
    private long tokens;
    private long computed;
    private long busyNanos;

    /**
     * @param rate texts per second; 0 for as many as are served
     */
    Life(IntSupplier lengths, int texts, double rate, long seed) {
      this.lengths = lengths;
      this.texts = texts;
      this.nanosBetween = rate == 0 ? 0 : 1e9 / rate;
      this.random = new SplittableRandom(seed);
      this.latencies = new long[texts];
      this.rows = new int[buckets.longest() + 1][][];
      this.queue =
          new RequestQueue(
              buckets,
              buckets.arePacked() ? new PackedBatches(buckets) : new PlainBatches(buckets, true),
              0,
              Integer.MAX_VALUE,
              Long.MAX_VALUE);
      Cores all =
          new Cores(IntStream.range(0, cores).boxed().toList(), SLOTS_PER_CORE, true, shapes);
      this.scheduler = new Scheduler(buckets, queue, all, 0);
      warmUp(all);
    }

    /** Lets each core learn the times of its shapes, so that it need not try one to find out. */
    private void warmUp(Cores all) {
      for (Core core : all.all()) {
        Slot slot = core.idleSlot();
        for (Shape shape : shapes) {
          for (int i = 0; i < ServiceTimes.LATELY; i++) {
            all.begin(slot, shape, 0);
            all.end(slot, true, 0, nanos.applyAsLong(shape));
          }
        }
      }
    }

    Outcome run() {
      long wake = Next.NEVER;
      while (ended < texts) {
        offer();
        wake = serve();
        Execution next = running.peek();
        long then = next == null ? Next.NEVER : next.endNanos;
        then = Math.min(then, wake);
        if (nanosBetween > 0 && offered < texts) {
          then = Math.min(then, (long) Math.ceil(nextArrival));
        }
        now = Math.max(now, then);
        while (next != null && next.endNanos <= now) {
          running.remove();
          finish(next);
          next = running.peek();
        }
      }
      Arrays.sort(latencies);
      return new Outcome(
          texts / (now / 1e9),
          (double) texts / executions,
          (double) tokens / computed,
          (double) busyNanos / now / cores,
          latencies[texts / 2],
          latencies[(int) (texts * 0.99)]);
    }

    /** Hands over what has arrived by now. */
    private void offer() {
      while (offered < texts
          && (nanosBetween > 0 ? nextArrival <= now : queue.requests() < BACKLOG)) {
        long made = nanosBetween > 0 ? (long) nextArrival : now;
        int length = lengths.getAsInt();
        int bucket = buckets.bucketOf(length);
        int[][] row = rows[length];
        if (row == null) {
          row = new int[][] {new int[length]};
          rows[length] = row;
        }
        Request request = new Request(row, bucket);
        scheduler.admit(
            new Group(List.of(request), false, false, true, made, Group.NO_DEADLINE),
            false,
            false,
            now);
        offered++;
        nextArrival += nanosBetween * -Math.log(1 - random.nextDouble());
      }
    }

    /** Begins the executions that can begin; returns when to ask again. */
    private long serve() {
      Next next = scheduler.next(now);
      while (next instanceof Lease lease) {
        Shape shape = lease.batch.shape();
        int core = lease.slot.core.index();
        long takes = nanos.applyAsLong(shape);
        freeAt[core] = Math.max(freeAt[core], now) + takes;
        running.add(new Execution(lease, freeAt[core]));
        executions++;
        tokens += lease.batch.tokens();
        computed += shape.tokens();
        busyNanos += takes;
        next = scheduler.next(now);
      }
      return ((Next.WaitUntil) next).nanos();
    }

    private void finish(Execution execution) {
      Lease lease = execution.lease;
      lease.succeeded(
          0, nanos.applyAsLong(lease.batch.shape()), lease.batch.shape().tokens(), null);
      scheduler.finished(lease, execution.endNanos);
      for (@Nullable Request request = scheduler.takeEnded();
          request != null;
          request = request.nextEnded) {
        latencies[ended++] = request.endNanos - request.group().madeNanos;
      }
    }
  }
}
