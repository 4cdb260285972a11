package io.github.neuronembed.measurements;

import io.github.neuronembed.advice.ModelledTimes;
import io.github.neuronembed.advice.ShapeAdvisor;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.cli.advise.AdviseCommand;
import io.github.neuronembed.engine.EmbeddingEngine;
import io.github.neuronembed.engine.EngineOptions;
import io.github.neuronembed.engine.EngineSimulation;
import io.github.neuronembed.engine.EngineSnapshot;
import io.github.neuronembed.engine.RequestOptions;
import io.github.neuronembed.engine.VectorReader;
import io.github.neuronembed.model.PoolingStrategy;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntSupplier;

/**
 * Compares packed with plain shapes by workload: offline, and at 80 % of the throughput of a grid
 * of 30 plain shapes. The engine runs in real time on one modelled core with the times of {@link
 * ModelledTimes}; its simulation gives a second result. <em>Modelled</em>: nothing was run on a
 * device.
 *
 * <p>Arguments: seconds of each run, then the workloads; all by default.
 */
public final class PackedShapes {

  private static final ModelledTimes TIMES = new ModelledTimes();
  private static final int[] LENGTHS = {8, 32, 64, 128, 256, 512};
  private static final int[] BATCHES = {1, 4, 8, 16, 32};
  private static final double LOAD = 0.8;

  /** Number of waiting texts; more than the engine considers for one batch. */
  private static final int WINDOW = 512;

  private static final int SIMULATED_TEXTS = 20_000;

  /** The result of one set of shapes for a workload. */
  private record Result(
      double textsPerSecond, double textsPerExecution, double tokenFill, double ofBound) {}

  private PackedShapes() {}

  /** Runs the measurement. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    double seconds = Double.parseDouble(arguments[0]);
    List<TextLengths> workloads =
        arguments.length == 1
            ? List.of(TextLengths.values())
            : Arrays.stream(arguments).skip(1).map(TextLengths::valueOf).toList();
    System.out.println(
        "emulated; 1 core; " + ModelledTimes.ASSUMPTIONS + "; load = 0.8 of the grid of 30");
    for (TextLengths workload : workloads) {
      Map<String, List<Shape>> sets = sets(workload);
      double rate =
          LOAD
              * simulation(Objects.requireNonNull(sets.get("grid of 30")))
                  .offline(workload.draws(1), SIMULATED_TEXTS)
                  .textsPerSecond();
      System.out.printf(
          Locale.ROOT,
          "%n%s; load %.0f texts/s%n%-14s %9s %9s %9s %6s %8s %8s | %8s %8s %8s%n",
          workload.title,
          rate,
          "shapes",
          "simulated",
          "texts/s",
          "of bound",
          "fill",
          "texts/ex",
          "",
          "sim. p99",
          "p50 ms",
          "p99 ms");
      for (Map.Entry<String, List<Shape>> set : sets.entrySet()) {
        print(set.getKey(), set.getValue(), workload, rate, seconds);
      }
      System.out.println("advised: " + sets.get("advised"));
    }
  }

  private static EngineSimulation simulation(List<Shape> shapes) {
    return new EngineSimulation(shapes, TIMES::nanos, 1);
  }

  private static Map<Shape, Integer> micros(List<Shape> shapes) {
    Map<Shape, Integer> micros = new TreeMap<>();
    shapes.forEach(shape -> micros.put(shape, (int) (TIMES.nanos(shape) / 1_000)));
    return micros;
  }

  private static Map<String, List<Shape>> sets(TextLengths workload) throws IOException {
    Map<String, List<Shape>> sets = new LinkedHashMap<>();
    sets.put("one 1x512", List.of(new Shape(1, 512)));
    sets.put("default six", AdviseCommand.DEFAULT_SHAPES);
    sets.put("six, batch 1", grid(LENGTHS, 1));
    sets.put("grid of 30", grid(LENGTHS, BATCHES));
    List<Shape> candidates = ShapeAdvisor.candidates(512, false);
    List<ShapeAdvisor.Advice> plain =
        ShapeAdvisor.advise(workload.histogram(), candidates, TIMES, 8);
    sets.put("advised plain", plain.get(plain.size() - 1).shapes());
    List<Shape> packed =
        List.of(
            new Shape(1, 64, 8),
            new Shape(1, 256, 32),
            new Shape(1, 384, 48),
            new Shape(1, 512, 64));
    sets.put("four packed", packed);
    sets.put("five packed", with(packed, new Shape(8, 64, 8)));
    sets.put("four + 1x512", with(packed, new Shape(1, 512)));
    List<ShapeAdvisor.Advice> any =
        ShapeAdvisor.advise(workload.histogram(), ShapeAdvisor.candidates(512, true), TIMES, 5);
    sets.put("advised", any.get(any.size() - 1).shapes());
    return sets;
  }

  private static List<Shape> with(List<Shape> shapes, Shape another) {
    List<Shape> all = new ArrayList<>(shapes);
    all.add(another);
    return all;
  }

  private static List<Shape> grid(int[] lengths, int... batches) {
    List<Shape> shapes = new ArrayList<>();
    for (int length : lengths) {
      for (int batch : batches) {
        shapes.add(new Shape(batch, length));
      }
    }
    return shapes;
  }

  private static void print(
      String name, List<Shape> shapes, TextLengths workload, double rate, double seconds)
      throws IOException, InterruptedException {
    EngineSimulation simulation = simulation(shapes);
    double simulated = simulation.offline(workload.draws(1), SIMULATED_TEXTS).textsPerSecond();
    try (EmbeddingEngine engine =
        EmbeddingEngine.start(
            EmulatedCores.open(1, micros(shapes)),
            new VectorReader(PoolingStrategy.CLS, true),
            SearchTexts.VOCABULARY,
            EngineOptions.builder().build())) {
      engine.warmUp();
      Result offline = offline(engine, workload.draws(2), seconds);
      System.out.printf(
          Locale.ROOT,
          "%-14s %9.0f %9.0f %9.3f %6.3f %8.1f %8s | ",
          name,
          simulated,
          offline.textsPerSecond,
          offline.ofBound,
          offline.tokenFill,
          offline.textsPerExecution,
          "");
      if (simulated < rate) {
        System.out.printf("%8s %8s %8s%n", "grows", "", "");
        return;
      }
      long[] latencies = atRate(engine, workload.draws(3), rate, seconds);
      System.out.printf(
          Locale.ROOT,
          "%8.1f %8.1f %8.1f%n",
          simulation.atRate(workload.draws(3), SIMULATED_TEXTS, rate, 1).p99Nanos() / 1e6,
          latencies[latencies.length / 2] / 1e6,
          latencies[(int) (latencies.length * 0.99)] / 1e6);
    }
  }

  /** Measures with a constant number of waiting texts. */
  private static Result offline(EmbeddingEngine engine, IntSupplier lengths, double seconds)
      throws InterruptedException {
    int[][] ids = ids();
    Semaphore window = new Semaphore(WINDOW);
    AtomicInteger failed = new AtomicInteger();
    // At first, short texts go before long ones. Measure only once the mix of waiting texts is
    // stable.
    long end = System.nanoTime() + (long) (seconds * 0.5e9);
    EngineSnapshot before = engine.snapshot();
    long start = 0;
    while (System.nanoTime() < end) {
      window.acquire();
      submit(engine, ids[lengths.getAsInt()], failed, window::release);
      if (start == 0 && System.nanoTime() >= end) {
        before = engine.snapshot();
        start = System.nanoTime();
        end = start + (long) (seconds * 1e9);
      }
    }
    EngineSnapshot after = engine.snapshot();
    double elapsed = (System.nanoTime() - start) / 1e9;
    window.acquire(WINDOW);
    refuse(failed);
    long texts = after.completed() - before.completed();
    long executions = 0;
    double busy = 0;
    for (Map.Entry<Shape, Long> shape : after.executions().entrySet()) {
      long count = shape.getValue() - before.executions().getOrDefault(shape.getKey(), 0L);
      executions += count;
      busy += count * TIMES.nanos(shape.getKey()) / 1e9;
    }
    return new Result(
        texts / elapsed,
        (double) texts / executions,
        (double) (after.tokens() - before.tokens())
            / (after.paddedTokens() - before.paddedTokens()),
        busy / elapsed);
  }

  /** Times from arrival to vector, sorted. */
  private static long[] atRate(
      EmbeddingEngine engine, IntSupplier lengths, double rate, double seconds)
      throws InterruptedException {
    int[][] ids = ids();
    int count = (int) (rate * seconds);
    long[] latencies = new long[count];
    Semaphore ended = new Semaphore(0);
    AtomicInteger failed = new AtomicInteger();
    SplittableRandom random = new SplittableRandom(4);
    double time = 0;
    long start = System.nanoTime() + 10_000_000;
    for (int i = 0; i < count; i++) {
      int index = i;
      time -= Math.log(1 - random.nextDouble()) / rate * 1e9;
      long intended = start + (long) time;
      for (long rest = intended - System.nanoTime();
          rest > 0;
          rest = intended - System.nanoTime()) {
        if (rest > 100_000) {
          LockSupport.parkNanos(rest - 80_000);
        } else {
          Thread.onSpinWait();
        }
      }
      submit(
          engine,
          ids[lengths.getAsInt()],
          failed,
          () -> {
            latencies[index] = System.nanoTime() - intended;
            ended.release();
          });
    }
    ended.acquire(count);
    refuse(failed);
    Arrays.sort(latencies);
    return latencies;
  }

  private static void submit(
      EmbeddingEngine engine, int[] ids, AtomicInteger failed, Runnable end) {
    CompletableFuture<float[]> unused =
        engine
            .submit(ids, RequestOptions.INTERACTIVE)
            .whenComplete(
                (vector, failure) -> {
                  if (failure != null || !HashVectors.isOf(ids, vector)) {
                    failed.incrementAndGet();
                  }
                  end.run();
                });
  }

  private static void refuse(AtomicInteger failed) {
    if (failed.get() > 0) {
      throw new IllegalStateException(
          failed + " texts have no vector, or the vector of another text.");
    }
  }

  private static int[][] ids() {
    Random random = new Random(1);
    int[][] ids = new int[513][];
    for (int length = 1; length < ids.length; length++) {
      ids[length] = SearchTexts.ofLength(random, length);
    }
    return ids;
  }
}
