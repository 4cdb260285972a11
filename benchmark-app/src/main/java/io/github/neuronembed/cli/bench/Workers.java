package io.github.neuronembed.cli.bench;

import io.github.neuronembed.backend.ExecutionSlot;
import io.github.neuronembed.backend.InferenceBackend;
import io.github.neuronembed.backend.Replica;
import io.github.neuronembed.engine.VectorReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CompletionService;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * Workers that each own one slot, with tokenized rows at hand: writing the rows in place,
 * executing, and reading the vectors is one call. Loading and warming up are outside of the clock,
 * and all workers begin together. A call that arrives while all workers are busy waits for the
 * first that gets free, and its latency counts from its arrival.
 */
final class Workers {

  private static final int ROWS_AT_HAND = 16;

  /** Warm-up windows that have to agree, and how well. */
  private static final int STEADY_WINDOWS = 3;

  private static final double STEADY_WITHIN = 0.1;
  private static final int CALLS_PER_WINDOW = 5;
  private static final long SPIN_NANOS = 200_000;

  private final InferenceBackend backend;
  private final VectorReader reader;
  private final Cell cell;
  private final int firstTokenId;
  private final int vocabularySize;
  private final StopSignal stop;

  /**
   * @param firstTokenId rows are made of ids from this one, which is past the special tokens
   * @param vocabularySize up to below this one
   */
  Workers(
      InferenceBackend backend,
      VectorReader reader,
      Cell cell,
      int firstTokenId,
      int vocabularySize,
      StopSignal stop) {
    this.backend = backend;
    this.reader = reader;
    this.cell = cell;
    this.firstTokenId = firstTokenId;
    this.vocabularySize = vocabularySize;
    this.stop = stop;
  }

  /**
   * Measures.
   *
   * @param arrivals when calls begin
   * @param limitNanos a call that has not begun by then is given up: more arrives than is served
   * @param warmUpNanos how long warming up may take
   * @return the calls of each worker
   * @throws IllegalStateException if calls were given up
   */
  List<Timers> run(Arrivals arrivals, long limitNanos, long warmUpNanos)
      throws InterruptedException {
    CyclicBarrier ready = new CyclicBarrier(cell.workers());
    long[] start = new long[1];
    CyclicBarrier go = new CyclicBarrier(cell.workers(), () -> start[0] = System.nanoTime());
    ExecutorService workers = Executors.newFixedThreadPool(cell.workers());
    CompletionService<Timers> ended = new ExecutorCompletionService<>(workers);
    try {
      int started = 0;
      for (int model = 0; model < cell.models(); model++) {
        Replica replica = backend.replicas().get(model);
        for (int worker = 0; worker < cell.workersPerModel(); worker++) {
          int seed = started++;
          ended.submit(
              () -> work(replica, seed, ready, go, start, arrivals, limitNanos, warmUpNanos));
        }
      }
      List<Timers> timers = new ArrayList<>();
      while (timers.size() < started) {
        timers.add(ended.take().get());
      }
      return timers;
    } catch (ExecutionException e) {
      // The others may stand at a barrier that will not open: the interrupt below ends them.
      throw e.getCause() instanceof RuntimeException failure
          ? failure
          : new IllegalStateException(e.getCause());
    } finally {
      workers.shutdownNow();
      while (!workers.awaitTermination(1, TimeUnit.SECONDS)) {
        // A worker ends with the execution it is in.
      }
    }
  }

  private Timers work(
      Replica replica,
      int seed,
      CyclicBarrier ready,
      CyclicBarrier go,
      long[] start,
      Arrivals arrivals,
      long limitNanos,
      long warmUpNanos)
      throws InterruptedException, BrokenBarrierException {
    int[][] rows = rows(new Random(seed));
    try (ExecutionSlot slot = replica.newSlot(cell.shape())) {
      ready.await();
      warmUp(slot, rows, warmUpNanos);
      go.await();
      Timers timers = new Timers();
      long end = System.nanoTime() - start[0];
      long begin = arrivals.next(end);
      for (int call = 0; begin != Arrivals.OVER && !stop.isRequested(); call++) {
        if (end > limitNanos) {
          throw new IllegalStateException(
              "more arrives than is served: calls of second %.1f still waited at second %.1f"
                  .formatted(begin / 1e9, end / 1e9));
        }
        await(start[0] + begin);
        execute(slot, rows, call);
        end = System.nanoTime() - start[0];
        timers.add(begin, end, cell.shape().batchSize());
        begin = arrivals.next(end);
      }
      return timers;
    }
  }

  /** Sleeps to just before the time and spins from there: waking up takes too long to be exact. */
  private static void await(long nanoTime) throws InterruptedException {
    long left = nanoTime - System.nanoTime();
    while (left > 0) {
      if (left > SPIN_NANOS) {
        TimeUnit.NANOSECONDS.sleep(left - SPIN_NANOS);
      } else {
        Thread.onSpinWait();
      }
      left = nanoTime - System.nanoTime();
    }
  }

  /** Until the median of some calls agrees with that of those before. */
  private void warmUp(ExecutionSlot slot, int[][] rows, long limitNanos) {
    long start = System.nanoTime();
    double last = 0;
    int steady = 0;
    int call = 0;
    do {
      long[] nanos = new long[CALLS_PER_WINDOW];
      for (int i = 0; i < nanos.length && !stop.isRequested(); i++) {
        long begin = System.nanoTime();
        execute(slot, rows, call++);
        nanos[i] = System.nanoTime() - begin;
      }
      Arrays.sort(nanos);
      double median = nanos[nanos.length / 2];
      steady = Math.abs(median - last) <= STEADY_WITHIN * median ? steady + 1 : 1;
      last = median;
    } while (steady < STEADY_WINDOWS
        && System.nanoTime() - start < limitNanos
        && !stop.isRequested());
  }

  private void execute(ExecutionSlot slot, int[][] rows, int call) {
    int batchSize = cell.shape().batchSize();
    var tokens = slot.tokens();
    tokens.begin(batchSize, cell.shape().sequenceLength());
    for (int row = 0; row < batchSize; row++) {
      tokens.row(rows[(call + row) % rows.length]);
    }
    tokens.finish();
    slot.execute();
    for (int row = 0; row < batchSize; row++) {
      reader.read(tokens, slot.output(), row);
    }
  }

  private int[][] rows(Random random) {
    int[][] rows = new int[ROWS_AT_HAND][cell.shape().sequenceLength()];
    for (int[] row : rows) {
      for (int i = 0; i < row.length; i++) {
        row[i] = firstTokenId + random.nextInt(vocabularySize - firstTokenId);
      }
    }
    return rows;
  }
}
