package io.github.neuronembed.measurements;

import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.engine.EmbeddingEngine;
import io.github.neuronembed.engine.EngineOptions;
import io.github.neuronembed.engine.RequestOptions;
import io.github.neuronembed.engine.VectorReader;
import io.github.neuronembed.model.PoolingStrategy;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Measures latencies of interactive requests with Poisson arrivals, from the intended start. The
 * load is 80 % of capacity, with bulk work in the remaining time, and 150 %, where the engine must
 * refuse requests. <em>Emulated</em>; the unit is a core's service time. Each result is printed
 * beside the ideal for the same arrivals: cores that serve in order of arrival, without any host
 * time.
 *
 * <p>Arguments: seconds of each run.
 */
public final class EngineOpenLoop {

  /** The published device time of bge-base at 1 × 256. */
  private static final int SERVICE_MICROS = 1_742;

  private static final Shape SHAPE = new Shape(1, 256);
  private static final RequestOptions URGENT = RequestOptions.INTERACTIVE;

  private EngineOpenLoop() {}

  /** Runs the measurement. */
  public static void main(String[] arguments) throws InterruptedException {
    double seconds = Double.parseDouble(arguments[0]);
    System.out.println(
        "emulated; latencies in service times of 1.742 ms; p50 and p99 of the accepted");
    System.out.printf(
        "%5s %6s %5s | %8s %7s %7s %7s %7s | %8s %9s %9s | %6s %9s%n",
        "cores",
        "load",
        "bulk",
        "requests",
        "p50",
        "p99",
        "ideal50",
        "ideal99",
        "refused",
        "p99 µs",
        "max µs",
        "busy",
        "heap MiB");
    for (int cores : List.of(2, 12)) {
      run(cores, 0.4, true, seconds);
      run(cores, 0.8, false, seconds);
      run(cores, 0.8, true, seconds);
      run(cores, 1.5, false, seconds);
    }
  }

  private static void run(int cores, double load, boolean bulk, double seconds)
      throws InterruptedException {
    double perSecond = load * cores * 1e6 / SERVICE_MICROS;
    int count = (int) (perSecond * seconds);
    long[] arrivals = arrivals(count, perSecond);
    long[] latencies = new long[count];
    long[] refusals = new long[count];
    int refused = 0;
    AtomicLong outstanding = new AtomicLong(count);
    CountDownLatch over = new CountDownLatch(1);
    // The engine refuses requests when four service times of work wait.
    EngineOptions options = EngineOptions.builder().maxQueuedRequests(4 * cores).build();
    double busy;
    long overloaded;
    long before;
    long after;
    try (EmbeddingEngine engine =
        EmbeddingEngine.start(
            EmulatedCores.open(cores, Map.of(SHAPE, SERVICE_MICROS)),
            new VectorReader(PoolingStrategy.CLS, true),
            SearchTexts.VOCABULARY,
            options)) {
      engine.warmUp();
      before = Memory.heap();
      AtomicBoolean stop = new AtomicBoolean();
      Thread ingest = new Thread(() -> ingest(engine, stop), "bulk");
      if (bulk) {
        ingest.start();
      }
      int[] ids = SearchTexts.ofLength(new Random(1), SHAPE.sequenceLength());
      long executed = executions(engine);
      long start = System.nanoTime() + 10_000_000;
      for (int i = 0; i < count; i++) {
        int index = i;
        long intended = start + arrivals[i];
        awaitTime(intended);
        long asked = System.nanoTime();
        CompletableFuture<float[]> vector = engine.submit(ids, URGENT);
        if (vector.isCompletedExceptionally()) {
          // A failure for another reason than overload is counted below.
          refusals[refused++] = System.nanoTime() - asked;
        }
        CompletableFuture<float[]> unused =
            vector.whenComplete(
                (elements, failure) -> {
                  latencies[index] = failure == null ? System.nanoTime() - intended : -1;
                  if (outstanding.decrementAndGet() == 0) {
                    over.countDown();
                  }
                });
      }
      over.await();
      double elapsed = (System.nanoTime() - start) / 1e9;
      busy = (executions(engine) - executed) * SERVICE_MICROS / 1e6 / elapsed / cores;
      overloaded = engine.snapshot().refused();
      stop.set(true);
      if (bulk) {
        ingest.join();
      }
      after = Memory.heap();
    }
    long failed = Arrays.stream(latencies).filter(nanos -> nanos < 0).count() - overloaded;
    if (failed > 0) {
      throw new IllegalStateException(failed + " requests failed; no figure counts them.");
    }
    long[] accepted = Arrays.stream(latencies).filter(nanos -> nanos >= 0).sorted().toArray();
    long[] slowest = Arrays.copyOf(refusals, refused);
    Arrays.sort(slowest);
    double[] ideal = ideal(arrivals, cores, bulk);
    System.out.printf(
        Locale.ROOT,
        "%5d %5.0f%% %5s | %8d %7.2f %7.2f %7.2f %7s | %7.1f%% %9s %9s | %5.1f%% %4.0f→%4.0f%n",
        cores,
        load * 100,
        bulk ? "yes" : "no",
        count,
        services(accepted, 0.5),
        services(accepted, 0.99),
        ideal[0],
        load < 1 ? String.format(Locale.ROOT, "%.2f", ideal[1]) : "grows",
        100.0 * refused / count,
        refused == 0
            ? ""
            : String.format(Locale.ROOT, "%.0f", slowest[(int) (refused * 0.99)] / 1e3),
        refused == 0 ? "" : String.format(Locale.ROOT, "%.0f", slowest[refused - 1] / 1e3),
        busy * 100,
        before / 1048576.0,
        after / 1048576.0);
  }

  private static double services(long[] nanos, double part) {
    return nanos[(int) (nanos.length * part)] / 1e3 / SERVICE_MICROS;
  }

  private static long executions(EmbeddingEngine engine) {
    return engine.snapshot().executionsByCore().values().stream().mapToLong(Long::longValue).sum();
  }

  private static long[] arrivals(int count, double perSecond) {
    Random random = new Random(20_26);
    long[] nanos = new long[count];
    double time = 0;
    for (int i = 0; i < count; i++) {
      time -= Math.log(1 - random.nextDouble()) / perSecond * 1e9;
      nanos[i] = (long) time;
    }
    return nanos;
  }

  /** The ideal p50 and p99, in service times: cores that serve the same arrivals without a host. */
  private static double[] ideal(long[] arrivals, int cores, boolean bulk) {
    double service = SERVICE_MICROS * 1e3;
    PriorityQueue<Double> free = new PriorityQueue<>();
    for (int i = 0; i < cores; i++) {
      free.add(service * i / cores);
    }
    double[] latencies = new double[arrivals.length];
    for (int i = 0; i < arrivals.length; ) {
      double at = free.remove();
      if (arrivals[i] <= at) {
        latencies[i] = (at + service - arrivals[i]) / service;
        free.add(at + service);
        i++;
      } else if (bulk) {
        free.add(at + service);
      } else {
        latencies[i] = 1;
        free.add(arrivals[i] + service);
        i++;
      }
    }
    Arrays.sort(latencies);
    return new double[] {
      latencies[latencies.length / 2], latencies[(int) (latencies.length * 0.99)]
    };
  }

  private static void ingest(EmbeddingEngine engine, AtomicBoolean stop) {
    int[] ids = SearchTexts.ofLength(new Random(2), SHAPE.sequenceLength());
    while (!stop.get()) {
      CompletableFuture<float[]> unused = engine.submit(ids, RequestOptions.BULK);
    }
  }

  private static void awaitTime(long nanos) {
    for (long rest = nanos - System.nanoTime(); rest > 0; rest = nanos - System.nanoTime()) {
      if (rest > 100_000) {
        LockSupport.parkNanos(rest - 80_000);
      } else {
        Thread.onSpinWait();
      }
    }
  }
}
