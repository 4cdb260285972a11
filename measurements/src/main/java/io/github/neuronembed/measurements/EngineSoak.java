package io.github.neuronembed.measurements;

import io.github.neuronembed.DeadlineExceededException;
import io.github.neuronembed.EmbeddingException;
import io.github.neuronembed.EngineOverloadedException;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.engine.EmbeddingEngine;
import io.github.neuronembed.engine.EngineOptions;
import io.github.neuronembed.engine.EngineSnapshot;
import io.github.neuronembed.engine.RequestOptions;
import io.github.neuronembed.engine.VectorReader;
import io.github.neuronembed.model.PoolingStrategy;
import io.github.neuronembed.nrt.NeuronRuntime;
import io.github.neuronembed.nrt.NrtEmulator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/**
 * Runs the engine on four emulated cores for a long time with many kinds of trouble at once: random
 * lengths in both lanes, cancelled requests, deadlines, refusals, failing executions, reads and
 * writes, and a core that fails for good halfway. Every request must end exactly once, with the
 * vector of its own ids or with a typed exception. No resource may leak. <em>Emulated</em>.
 *
 * <p>Arguments: seconds. The exit code is 1 if anything was wrong.
 */
public final class EngineSoak {

  private static final int CORES = 4;
  private static final int CALLERS = 6;
  private static final int WINDOW = 64;

  private static final String FAULTS =
      """
      {"call": "execute", "every": 97, "status": 7},
      {"call": "execute", "every": 1009, "status": 1003},
      {"call": "write", "every": 701, "status": 7},
      {"call": "read", "every": 503, "status": 7}
      """;

  private final LongAdder made = new LongAdder();
  private final LongAdder vectors = new LongAdder();
  private final LongAdder wrongVectors = new LongAdder();
  private final LongAdder refused = new LongAdder();
  private final LongAdder expired = new LongAdder();
  private final LongAdder cancelled = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private final LongAdder untyped = new LongAdder();
  private final LongAdder endedTwice = new LongAdder();
  private final LongAdder neverEnded = new LongAdder();

  /** The result of a soak: a summary, and a line for each fault. */
  public record Outcome(String summary, List<String> wrong) {}

  private EngineSoak() {}

  /** Runs the soak. */
  public static void main(String[] arguments) throws InterruptedException {
    Outcome outcome = run(Double.parseDouble(arguments[0]));
    System.out.println(outcome.summary);
    outcome.wrong.forEach(line -> System.out.println("WRONG: " + line));
    System.exit(outcome.wrong.isEmpty() ? 0 : 1);
  }

  /** Runs the soak for some seconds. */
  public static Outcome run(double seconds) throws InterruptedException {
    return new EngineSoak().soak(seconds);
  }

  private Outcome soak(double seconds) throws InterruptedException {
    Map<Shape, Integer> shapes = new TreeMap<>(Comparator.comparingInt(Shape::tokens));
    shapes.put(new Shape(8, 16), 300);
    shapes.put(new Shape(4, 64), 500);
    shapes.put(new Shape(1, 256), 700);
    shapes.put(new Shape(2, 512), 2_000);
    // The first engine of a process creates objects that later engines share; they are no leak.
    open(shapes).close();
    long directBefore = Memory.direct();
    List<String> wrong = new ArrayList<>();
    long heapEarly;
    long heapLate;
    EngineSnapshot snapshot;
    NrtEmulator emulator = NrtEmulator.open();
    try (EmbeddingEngine engine = open(shapes)) {
      engine.warmUp();
      emulator.setFaults("[" + FAULTS + "]");
      long until = System.nanoTime() + (long) (seconds * 1e9);
      List<Thread> callers = new ArrayList<>();
      for (int i = 0; i < CALLERS; i++) {
        long seed = i;
        Thread caller = new Thread(() -> call(engine, new Random(seed), until), "caller-" + i);
        caller.start();
        callers.add(caller);
      }
      Thread.sleep((long) (seconds * 250));
      heapEarly = Memory.heap();
      Thread.sleep((long) (seconds * 250));
      emulator.setFaults(
          "[{\"call\": \"execute\", \"core\": 3, \"nth\": 1, \"status\": 101}," + FAULTS + "]");
      for (Thread caller : callers) {
        caller.join();
      }
      heapLate = Memory.heap();
      snapshot = engine.snapshot();
    }
    if (snapshot.health().failedCores().size() != 1) {
      wrong.add("not just the core that died has left: " + snapshot.health());
    }
    long ended = vectors.sum() + expired.sum() + cancelled.sum() + failed.sum() + refused.sum();
    if (ended != made.sum()) {
      wrong.add("%s made, %s ended".formatted(made.sum(), ended));
    }
    expectNone(wrong, wrongVectors, "vectors of another text");
    expectNone(wrong, untyped, "exceptions without a type of ours");
    expectNone(wrong, endedTwice, "requests that ended twice");
    expectNone(wrong, neverEnded, "requests that never ended");
    NeuronRuntime.LiveCounts live = NeuronRuntime.liveCounts();
    if (!live.equals(new NeuronRuntime.LiveCounts(0, 0, 0, 0, 0))) {
      wrong.add("left on our side: " + live);
    }
    NrtEmulator.Counters counters = emulator.counters();
    if (counters.liveModels() + counters.liveTensors() + counters.liveTensorSets() != 0) {
      wrong.add("left in libnrt: " + counters);
    }
    long threads =
        Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> thread.getName().startsWith("neuron-embed"))
            .count();
    if (threads != 0) {
      wrong.add(threads + " threads left");
    }
    long direct = Memory.direct() - directBefore;
    if (direct > 0) {
      wrong.add(direct + " bytes of direct memory left");
    }
    if (heapLate > heapEarly + (8 << 20)) {
      wrong.add("the heap grew from %s to %s bytes".formatted(heapEarly, heapLate));
    }
    return new Outcome(
        String.format(
            Locale.ROOT,
            "emulated; %.0f s: %d made, %d vectors (all checked), %d expired, %d cancelled, %d failed;"
                + " %d refused; %d retried; failed cores %s; heap %.1f → %.1f MiB",
            seconds,
            made.sum(),
            vectors.sum(),
            expired.sum(),
            cancelled.sum(),
            failed.sum(),
            refused.sum(),
            snapshot.retried(),
            snapshot.health().failedCores().keySet(),
            heapEarly / 1048576.0,
            heapLate / 1048576.0),
        wrong);
  }

  private static EmbeddingEngine open(Map<Shape, Integer> shapes) {
    return EmbeddingEngine.start(
        EmulatedCores.open(CORES, shapes),
        new VectorReader(PoolingStrategy.CLS, true),
        SearchTexts.VOCABULARY,
        EngineOptions.builder().maxQueuedRequests(128).build());
  }

  private static void expectNone(List<String> wrong, LongAdder count, String what) {
    if (count.sum() != 0) {
      wrong.add("%s %s".formatted(count.sum(), what));
    }
  }

  /** One request in flight, and how often it ended. */
  private static final class Pending {
    private final CompletableFuture<float[]> future;
    private final CompletableFuture<float[]> counted;
    private final int[] ids;
    private final AtomicInteger ends = new AtomicInteger();

    Pending(CompletableFuture<float[]> future, int[] ids) {
      this.future = future;
      this.ids = ids;
      this.counted = future.whenComplete((vector, failure) -> ends.incrementAndGet());
    }
  }

  private void call(EmbeddingEngine engine, Random random, long until) {
    List<Pending> window = new ArrayList<>();
    while (System.nanoTime() < until) {
      int[] ids = SearchTexts.next(random);
      RequestOptions options =
          random.nextInt(3) == 0 ? RequestOptions.BULK : RequestOptions.INTERACTIVE;
      if (random.nextInt(4) == 0) {
        options = options.within(Duration.ofNanos(1 + random.nextInt(20_000_000)));
      }
      CompletableFuture<float[]> future = engine.submit(ids, options);
      made.increment();
      window.add(new Pending(future, ids));
      if (random.nextInt(10) == 0) {
        window.get(random.nextInt(window.size())).future.cancel(false);
      }
      if (window.size() == WINDOW || future.isCompletedExceptionally()) {
        settle(window.remove(0));
      }
    }
    window.forEach(this::settle);
  }

  private void settle(Pending pending) {
    try {
      float[] vector = pending.counted.get(30, TimeUnit.SECONDS);
      vectors.increment();
      if (!HashVectors.isOf(pending.ids, vector)) {
        wrongVectors.increment();
      }
    } catch (ExecutionException e) {
      if (e.getCause() instanceof CancellationException) {
        cancelled.increment();
      } else if (e.getCause() instanceof EngineOverloadedException) {
        refused.increment();
      } else if (e.getCause() instanceof DeadlineExceededException) {
        expired.increment();
      } else if (e.getCause() instanceof EmbeddingException) {
        failed.increment();
      } else {
        untyped.increment();
      }
    } catch (TimeoutException e) {
      neverEnded.increment();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    if (pending.ends.get() != 1) {
      endedTwice.increment();
    }
  }
}
