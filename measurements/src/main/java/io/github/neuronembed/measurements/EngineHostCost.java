package io.github.neuronembed.measurements;

import io.github.neuronembed.backend.ExecutionSlot;
import io.github.neuronembed.backend.InferenceBackend;
import io.github.neuronembed.backend.Replica;
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
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.function.ToDoubleFunction;

/**
 * Measures the time that the host adds to device time. It runs the configurations of a published
 * matrix in a closed loop of models × workers callers, on emulated cores with the published device
 * times. The device time of a batch is the batch size divided by the throughput of the row with one
 * model and two workers, because two workers keep one core busy.
 *
 * <p>The same loop also runs on bare slots, without the engine. It shows which part of the loss
 * comes from this machine and the emulator. Engine and slots take turns, on the same cores in one
 * process; a ratio is the median over the turns.
 *
 * <p>Arguments: the matrix as CSV, seconds per row, and optionally a shape, to run only its rows.
 */
public final class EngineHostCost {

  private static final int MOST_CORES = 24;

  /** Number of turns; odd, for a median. */
  private static final int TURNS = 9;

  private static final int WARM_CALLS = 500;
  private static final VectorReader READER = new VectorReader(PoolingStrategy.CLS, true);

  private EngineHostCost() {}

  private record Row(int batch, int length, int models, int workers, double throughput) {}

  /** Runs the rows of the matrix and one more on 24 cores, and prints a line for each. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    if (arguments.length < 2 || arguments.length > 3) {
      System.err.println("Usage: EngineHostCost MATRIX.csv SECONDS [SHAPE]");
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
    System.out.println(
        "emulated; engine and bare slots in turns; p50 and p99 in ms, their medians");
    System.out.printf(
        Locale.ROOT,
        "%-8s %6s %7s %10s %10s %13s %9s %9s %9s %9s%n",
        "shape",
        "models",
        "workers",
        "engine/s",
        "bound/s",
        "engine/slots",
        "p50",
        "p99",
        "slots p50",
        "slots p99");
    List<Row> wanted = new ArrayList<>(rows);
    wanted.add(new Row(32, 256, MOST_CORES, 2, Double.NaN));
    for (Row row : wanted) {
      if (arguments.length < 3 || arguments[2].equals(row.batch + "x" + row.length)) {
        measure(row, deviceSeconds(rows, row), seconds);
      }
    }
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
    Map<Shape, Integer> service = Map.of(shape, (int) Math.round(deviceSeconds * 1e6));
    int[][] rows = new int[shape.batchSize()][shape.sequenceLength()];
    for (int[] tokenIds : rows) {
      Arrays.fill(tokenIds, 7);
    }
    int each = (int) Math.max(4, seconds / TURNS / deviceSeconds / row.workers);
    InferenceBackend backend = EmulatedCores.open(row.models, service);
    EngineOptions options = EngineOptions.builder().slotsPerReplica(row.workers).build();
    List<ExecutionSlot> slots = new ArrayList<>();
    List<Loop> ofEngine = new ArrayList<>();
    List<Loop> ofSlots = new ArrayList<>();
    try (EmbeddingEngine engine =
        EmbeddingEngine.start(backend, READER, SearchTexts.VOCABULARY, options)) {
      try {
        List<Runnable> bare = new ArrayList<>();
        for (Replica replica : backend.replicas()) {
          for (int worker = 0; worker < row.workers; worker++) {
            ExecutionSlot slot = replica.newSlot(shape);
            slots.add(slot);
            bare.add(() -> execute(slot, rows));
          }
        }
        Runnable call =
            () -> {
              if (engine.embedBatch(rows, RequestOptions.INTERACTIVE).length != rows.length) {
                throw new IllegalStateException("A vector is missing.");
              }
            };
        List<Runnable> callers = Collections.nCopies(row.models * row.workers, call);
        engine.warmUp();
        Loop.run(callers, Math.min(each, WARM_CALLS));
        Loop.run(bare, Math.min(each, WARM_CALLS));
        for (int turn = 0; turn < TURNS; turn++) {
          ofEngine.add(Loop.run(callers, each));
          ofSlots.add(Loop.run(bare, each));
        }
      } finally {
        slots.forEach(ExecutionSlot::close);
      }
    }
    double[] ratios = new double[TURNS];
    for (int turn = 0; turn < TURNS; turn++) {
      ratios[turn] = ofEngine.get(turn).perSecond() / ofSlots.get(turn).perSecond();
    }
    // With one worker per core, the bound is the same: it counts only device time.
    double bound = row.models * row.batch / deviceSeconds;
    System.out.printf(
        Locale.ROOT,
        "%-8s %6d %7d %10.1f %10.1f %13.4f %9.3f %9.3f %9.3f %9.3f%n",
        shape,
        row.models,
        row.workers,
        median(ofEngine, Loop::perSecond) * row.batch,
        bound,
        median(ratios),
        median(ofEngine, loop -> loop.millis(0.5)),
        median(ofEngine, loop -> loop.millis(0.99)),
        median(ofSlots, loop -> loop.millis(0.5)),
        median(ofSlots, loop -> loop.millis(0.99)));
  }

  private static double median(List<Loop> loops, ToDoubleFunction<Loop> figure) {
    return median(loops.stream().mapToDouble(figure).toArray());
  }

  private static double median(double[] figures) {
    Arrays.sort(figures);
    return figures[figures.length / 2];
  }

  private static void execute(ExecutionSlot slot, int[][] rows) {
    slot.tokens().begin(rows.length, rows[0].length);
    for (int[] tokenIds : rows) {
      slot.tokens().row(tokenIds);
    }
    slot.tokens().finish();
    slot.execute();
    for (int i = 0; i < rows.length; i++) {
      if (READER.read(slot.tokens(), slot.output(), i).length == 0) {
        throw new IllegalStateException("A vector is missing.");
      }
    }
  }

  /**
   * The times of callers in a closed loop.
   *
   * @param nanos nanoseconds of each call, in ascending order
   * @param wall nanoseconds from the first call to the last result
   */
  @SuppressWarnings("ArrayRecordComponent") // read only, and never compared
  private record Loop(long[] nanos, long wall) {

    static Loop run(List<Runnable> callers, int calls) throws InterruptedException {
      CountDownLatch go = new CountDownLatch(1);
      List<Thread> threads = new ArrayList<>();
      Failures failures = new Failures();
      long[] nanos = new long[callers.size() * calls];
      for (int i = 0; i < callers.size(); i++) {
        Runnable caller = callers.get(i);
        int first = i * calls;
        Thread thread = new Thread(() -> call(caller, go, nanos, first, calls), "caller-" + i);
        thread.setUncaughtExceptionHandler(failures);
        thread.start();
        threads.add(thread);
      }
      long start = System.nanoTime();
      go.countDown();
      for (Thread thread : threads) {
        thread.join();
      }
      long wall = System.nanoTime() - start;
      failures.rethrow();
      Arrays.sort(nanos);
      return new Loop(nanos, wall);
    }

    private static void call(
        Runnable caller, CountDownLatch go, long[] nanos, int first, int calls) {
      try {
        go.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      for (int i = first; i < first + calls; i++) {
        long start = System.nanoTime();
        caller.run();
        nanos[i] = System.nanoTime() - start;
      }
    }

    double perSecond() {
      return nanos.length / (wall / 1e9);
    }

    double millis(double part) {
      return nanos[(int) (nanos.length * part)] / 1e6;
    }
  }
}
