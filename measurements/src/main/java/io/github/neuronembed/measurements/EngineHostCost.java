package io.github.neuronembed.measurements;

import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.engine.EmbeddingEngine;
import io.github.neuronembed.engine.EngineOptions;
import io.github.neuronembed.engine.RequestOptions;
import io.github.neuronembed.engine.VectorReader;
import io.github.neuronembed.model.PoolingStrategy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/**
 * What the host adds to device time: the configurations of a published matrix, on emulated cores
 * that take the published device time, in a closed loop of models × workers callers. Device time of
 * a batch is the batch over the throughput of the row with one model and two workers, which keep
 * one core busy.
 *
 * <p>Arguments: the matrix as CSV, seconds a row.
 */
public final class EngineHostCost {

  private static final int MOST_CORES = 24;

  private EngineHostCost() {}

  private record Row(int batch, int length, int models, int workers, double throughput) {}

  /** Runs every row of the matrix and one on 24 cores, and prints a line each. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    if (arguments.length != 2) {
      System.err.println("Usage: EngineHostCost MATRIX.csv SECONDS");
      System.exit(2);
    }
    Path matrix = Path.of(arguments[0]);
    double seconds = Double.parseDouble(arguments[1]);
    List<Row> rows = new ArrayList<>();
    for (String line : Files.readAllLines(matrix)) {
      if (!line.isBlank() && Character.isDigit(line.charAt(0))) {
        String[] cells = line.split(",", -1);
        rows.add(
            new Row(
                Integer.parseInt(cells[0]),
                Integer.parseInt(cells[1]),
                Integer.parseInt(cells[2]),
                Integer.parseInt(cells[3]),
                Double.parseDouble(cells[6])));
      }
    }
    System.out.println("emulated");
    System.out.printf(
        "%-8s %6s %7s %10s %10s %10s %7s %9s %9s%n",
        "shape",
        "models",
        "workers",
        "achieved",
        "bound",
        "published",
        "ratio",
        "p50 ms",
        "p99 ms");
    for (Row row : rows) {
      measure(row, deviceSeconds(rows, row), seconds);
    }
    Row large = new Row(32, 256, MOST_CORES, 2, Double.NaN);
    measure(large, deviceSeconds(rows, large), seconds);
  }

  private static double deviceSeconds(List<Row> rows, Row of) {
    for (Row row : rows) {
      if (row.batch == of.batch && row.length == of.length && row.models == 1 && row.workers == 2) {
        return row.batch / row.throughput;
      }
    }
    throw new IllegalArgumentException("The matrix has no device time for " + of);
  }

  private static void measure(Row row, double deviceSeconds, double seconds)
      throws InterruptedException {
    Shape shape = new Shape(row.batch, row.length);
    int executions = (int) Math.max(20, seconds / deviceSeconds);
    int callers = row.models * row.workers;
    long[][] times = new long[callers][];
    EngineOptions options =
        EngineOptions.builder().slotsPerReplica(row.workers).vocabularySize(30_522).build();
    long wall;
    try (EmbeddingEngine engine =
        EmbeddingEngine.start(
            EmulatedCores.open(row.models, Map.of(shape, (int) Math.round(deviceSeconds * 1e6))),
            new VectorReader(PoolingStrategy.CLS, true),
            options)) {
      engine.warmUp();
      int each = Math.max(10, executions / row.workers);
      CountDownLatch go = new CountDownLatch(1);
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < callers; i++) {
        times[i] = new long[each];
        long[] mine = times[i];
        Thread thread = new Thread(() -> call(engine, shape, go, mine), "caller-" + i);
        thread.start();
        threads.add(thread);
      }
      long start = System.nanoTime();
      go.countDown();
      for (Thread thread : threads) {
        thread.join();
      }
      wall = System.nanoTime() - start;
    }
    long[] all = Arrays.stream(times).flatMapToLong(Arrays::stream).sorted().toArray();
    double achieved = (double) all.length * row.batch / (wall / 1e9);
    // With one worker a core the bound is the same: its time is the device's.
    double bound = row.models * row.batch / deviceSeconds;
    System.out.printf(
        "%-8s %6d %7d %10.1f %10.1f %10.1f %7.4f %9.3f %9.3f%n",
        shape,
        row.models,
        row.workers,
        achieved,
        bound,
        row.throughput,
        achieved / bound,
        all[all.length / 2] / 1e6,
        all[(int) (all.length * 0.99)] / 1e6);
  }

  private static void call(EmbeddingEngine engine, Shape shape, CountDownLatch go, long[] times) {
    int[][] rows = new int[shape.batchSize()][shape.sequenceLength()];
    for (int[] row : rows) {
      Arrays.fill(row, 7);
    }
    try {
      go.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    for (int i = 0; i < times.length; i++) {
      long start = System.nanoTime();
      float[][] vectors = engine.embedBatch(rows, RequestOptions.INTERACTIVE);
      times[i] = System.nanoTime() - start;
      if (vectors.length != rows.length) {
        throw new IllegalStateException("A vector is missing.");
      }
    }
  }
}
