package io.github.neuronembed.cli.bench;

import io.github.neuronembed.backend.Shape;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Runs made of random timers, for tests of what is done with runs. */
public final class MadeRun {

  private MadeRun() {}

  /**
   * A cell of two workers over some ten seconds, whose calls scatter by 10 % about a mean that
   * drifts by 1 %, as it does on a real machine.
   */
  static CellResult cell(long seed, double meanMillis) {
    return cell(seed, meanMillis, 1);
  }

  static CellResult cell(long seed, double meanMillis, int batchSize) {
    Random random = new Random(seed);
    List<Timers> workers = new ArrayList<>();
    for (int worker = 0; worker < 2; worker++) {
      Timers timers = new Timers();
      double drift = 0.01 * (2 * random.nextDouble() - 1);
      for (long now = 0; now < 10_000_000_000L; ) {
        double wave = 1 + drift + 0.01 * Math.sin(now / 1e9 + seed);
        long took = (long) (meanMillis * 1e6 * wave * Math.exp(0.1 * random.nextGaussian()));
        timers.add(now, now + took, batchSize);
        now += took;
      }
      workers.add(timers);
    }
    return CellResult.of(new Cell(new Shape(batchSize, 64), 1, 2), workers, 50, 100);
  }

  static CellResult failedCell() {
    return CellResult.failed(new Cell(new Shape(1, 64), 1, 2), "no memory for <it>");
  }

  static BenchRun run(boolean emulated, CellResult... cells) {
    LocalDateTime start = LocalDateTime.of(2026, 11, 24, 12, 0);
    return new BenchRun(
        "made-model",
        "made.onnx",
        "a test",
        emulated ? "emulated" : "cpu",
        emulated,
        "inf2.xlarge",
        Price.of("inf2.xlarge", null),
        null,
        Scenario.CLOSED_LOOP,
        10,
        start,
        start.plusSeconds(10),
        Map.of("jvm", "any"),
        List.of(cells));
  }

  /** Writes a run of one cell as {@code bench} does. */
  public static Path write(Path file, long seed, double meanMillis) throws IOException {
    return write(file, run(false, cell(seed, meanMillis)));
  }

  /** Writes a run of one cell that failed. */
  public static Path writeFailed(Path file) throws IOException {
    return write(file, run(false, failedCell()));
  }

  /** Writes an emulated run of one cell. */
  public static Path writeEmulated(Path file) throws IOException {
    return write(file, run(true, cell(1, 5)));
  }

  private static Path write(Path file, BenchRun run) throws IOException {
    try (Writer out = Files.newBufferedWriter(file)) {
      JsonReport.write(run, out);
    }
    return file;
  }
}
