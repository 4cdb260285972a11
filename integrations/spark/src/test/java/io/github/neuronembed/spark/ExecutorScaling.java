package io.github.neuronembed.spark;

import io.github.neuronembed.BackendChoice;
import io.github.neuronembed.BgeSmall;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.neuron.EmulatedModels;
import io.github.neuronembed.model.ModelDirectory;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * What a second executor gains, and what it costs that one is killed: rows through one and two
 * executors with two emulated cores each, and through two of which one is killed half way.
 * <em>Emulated</em>: an execution takes the given time, and its vector is a hash.
 *
 * <p>Arguments: rows.
 */
public final class ExecutorScaling {

  /** The published time of bge-base at 1 × 256 on a core with two workers. */
  private static final int SERVICE_MICROS = 1_742;

  private static final int CORES = 2;
  private static final int PARTITIONS = 40;

  private record Result(double rowsPerSecond, long lost, long doubled) {}

  private ExecutorScaling() {}

  /** Runs the measurement. */
  public static void main(String[] arguments) throws IOException {
    int rows = Integer.parseInt(arguments[0]);
    PrintStream out = System.out;
    Path folder = Files.createTempDirectory("executor-scaling");
    try {
      EmbeddingSettings settings =
          EmbeddingSettings.ofModel(model(folder).toString()).withBackend(BackendChoice.EMULATOR);
      Result one = run(rows, 1, false, settings);
      Result two = run(rows, 2, false, settings);
      Result killed = run(rows, 2, true, settings);
      out.printf(
          Locale.ROOT,
          "emulated; %,d rows in %d partitions, %d cores an executor, %,d us a row: at most %.0f rows/s an executor%n",
          rows,
          PARTITIONS,
          CORES,
          SERVICE_MICROS,
          CORES * 1e6 / SERVICE_MICROS);
      out.printf(
          Locale.ROOT,
          "%-24s %8s %6s %5s %8s%n",
          "executors",
          "rows/s",
          "ratio",
          "lost",
          "doubled");
      print(out, "1", one, one);
      print(out, "2", two, one);
      print(out, "2, one killed half way", killed, one);
    } finally {
      delete(folder);
    }
  }

  private static void print(PrintStream out, String executors, Result result, Result one) {
    out.printf(
        Locale.ROOT,
        "%-24s %8.0f %6.2f %5d %8d%n",
        executors,
        result.rowsPerSecond,
        result.rowsPerSecond / one.rowsPerSecond,
        result.lost,
        result.doubled);
  }

  private static Result run(int rows, int executors, boolean kill, EmbeddingSettings settings)
      throws IOException {
    // A device's interrupt is not a timer of a virtual machine, which wakes 50 to 100 us late.
    String emulator =
        """
        {"timing": {"service": [{"batch": 1, "sequenceLength": 256, "micros": %s}], "spinMicros": 100}}
        """
            .formatted(SERVICE_MICROS);
    try (SparkSession spark =
        StandaloneCluster.builder(emulator)
            .config("spark.cores.max", (long) CORES * executors)
            .config("spark.scheduler.minRegisteredResourcesRatio", 1)
            .config("spark.scheduler.maxRegisteredResourcesWaitingTime", "120s")
            .getOrCreate()) {
      // Opens the engines.
      embed(spark, PARTITIONS, settings);
      if (kill) {
        spark.sparkContext().addSparkListener(new KillHalfWay());
      }
      long start = System.nanoTime();
      List<Row> embedded = embed(spark, rows, settings);
      double seconds = (System.nanoTime() - start) / 1e9;
      Set<Long> distinct = new HashSet<>();
      embedded.forEach(row -> distinct.add(row.getLong(0)));
      return new Result(rows / seconds, rows - distinct.size(), embedded.size() - distinct.size());
    }
  }

  private static List<Row> embed(SparkSession spark, int rows, EmbeddingSettings settings) {
    Dataset<Row> texts =
        spark
            .range(0L, (long) rows, 1L, PARTITIONS)
            .selectExpr("id", "concat('the moon pulls the water of ocean number ', id) AS text");
    return NeuronEmbed.column(texts, "text", "vector", settings)
        .filter("size(vector) = 384")
        .select("id")
        .collectAsList();
  }

  private static Path model(Path folder) throws IOException {
    Path directory = Files.createDirectory(folder.resolve("bge-small-en-v1.5"));
    BgeSmall.write(directory);
    EmulatedModels.HASHED.pack(
        ModelDirectory.open(directory),
        List.of(new Shape(1, 256)),
        Files.createDirectory(directory.resolve("neuron")));
    return directory;
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  /** Kills an executor when half of the tasks are done. */
  private static final class KillHalfWay extends SparkListener {
    private final AtomicInteger ended = new AtomicInteger();

    @Override
    public void onTaskEnd(SparkListenerTaskEnd task) {
      if (ended.incrementAndGet() == PARTITIONS / 2) {
        ProcessHandle executor =
            ProcessHandle.current()
                .descendants()
                .filter(ExecutorScaling::isExecutor)
                .findFirst()
                .orElseThrow();
        if (!executor.destroyForcibly()) {
          throw new IllegalStateException("The executor was not killed.");
        }
      }
    }
  }

  private static boolean isExecutor(ProcessHandle process) {
    return process
        .info()
        .commandLine()
        .filter(line -> line.contains("CoarseGrainedExecutorBackend"))
        .isPresent();
  }
}
