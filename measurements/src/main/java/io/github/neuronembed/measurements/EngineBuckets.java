package io.github.neuronembed.measurements;

import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.engine.EmbeddingEngine;
import io.github.neuronembed.engine.EngineOptions;
import io.github.neuronembed.engine.RequestOptions;
import io.github.neuronembed.engine.VectorReader;
import io.github.neuronembed.model.PoolingStrategy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Compares a grid of lengths with using only the longest length. The texts are search-like (four
 * queries for each passage), in a closed loop on two emulated cores. <em>Emulated</em>: the times
 * of the lengths are given.
 *
 * <p>Arguments: seconds of each of the two runs.
 */
public final class EngineBuckets {

  private static final Map<Integer, Integer> MICROS_BY_LENGTH =
      new TreeMap<>(Map.of(8, 1_110, 32, 1_310, 64, 1_600, 128, 2_400, 256, 4_460, 512, 10_730));
  private static final Comparator<Shape> SHORTEST_FIRST =
      Comparator.comparingInt(Shape::sequenceLength);

  private static final int CORES = 2;
  private static final int CALLERS = 8;

  private record Result(double textsPerSecond, double p50Millis, double p99Millis) {}

  private EngineBuckets() {}

  /** Runs the measurement. */
  public static void main(String[] arguments) throws InterruptedException {
    double seconds = Double.parseDouble(arguments[0]);
    Map<Shape, Integer> grid = new TreeMap<>(SHORTEST_FIRST);
    MICROS_BY_LENGTH.forEach((length, micros) -> grid.put(new Shape(1, length), micros));
    Result one = run(Map.of(new Shape(1, 512), 10_730), seconds);
    Result buckets = run(grid, seconds);
    System.out.println(
        "emulated; 2 cores, 8 callers in a closed loop, 80 % queries, 20 % passages");
    System.out.printf(Locale.ROOT, "%-24s %10s %9s %9s%n", "shapes", "texts/s", "p50 ms", "p99 ms");
    print("1x512", one);
    print("1x8,32,64,128,256,512", buckets);
    System.out.printf(
        Locale.ROOT,
        "%-24s %10.2f %9.3f%n",
        "grid / one",
        buckets.textsPerSecond / one.textsPerSecond,
        buckets.p50Millis / one.p50Millis);
  }

  private static void print(String name, Result result) {
    System.out.printf(
        Locale.ROOT,
        "%-24s %10.1f %9.3f %9.3f%n",
        name,
        result.textsPerSecond,
        result.p50Millis,
        result.p99Millis);
  }

  private static Result run(Map<Shape, Integer> serviceMicros, double seconds)
      throws InterruptedException {
    List<long[]> times = new ArrayList<>();
    AtomicLong until = new AtomicLong();
    Failures failures = new Failures();
    long start;
    long end;
    try (EmbeddingEngine engine =
        EmbeddingEngine.start(
            EmulatedCores.open(CORES, serviceMicros),
            new VectorReader(PoolingStrategy.CLS, true),
            SearchTexts.VOCABULARY,
            EngineOptions.builder().build())) {
      engine.warmUp();
      CountDownLatch go = new CountDownLatch(1);
      List<Thread> callers = new ArrayList<>();
      for (int i = 0; i < CALLERS; i++) {
        long seed = i;
        Thread caller =
            new Thread(
                () -> {
                  await(go);
                  long[] mine = call(engine, new Random(seed), until.get());
                  synchronized (times) {
                    times.add(mine);
                  }
                },
                "caller-" + i);
        caller.setUncaughtExceptionHandler(failures);
        caller.start();
        callers.add(caller);
      }
      start = System.nanoTime();
      until.set(start + (long) (seconds * 1e9));
      go.countDown();
      for (Thread caller : callers) {
        caller.join();
      }
      end = System.nanoTime();
      failures.rethrow();
    }
    long[] all = times.stream().flatMapToLong(Arrays::stream).sorted().toArray();
    return new Result(
        all.length / ((end - start) / 1e9),
        all[all.length / 2] / 1e6,
        all[(int) (all.length * 0.99)] / 1e6);
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static long[] call(EmbeddingEngine engine, Random random, long until) {
    long[] times = new long[1_024];
    int count = 0;
    for (long now = System.nanoTime(); now < until; ) {
      int[] ids = SearchTexts.next(random);
      float[] vector = engine.embed(ids, RequestOptions.INTERACTIVE);
      long after = System.nanoTime();
      if (!HashVectors.isOf(ids, vector)) {
        throw new IllegalStateException("A text got the vector of another text.");
      }
      if (count == times.length) {
        times = Arrays.copyOf(times, count * 2);
      }
      times[count++] = after - now;
      now = System.nanoTime();
    }
    return Arrays.copyOf(times, count);
  }
}
