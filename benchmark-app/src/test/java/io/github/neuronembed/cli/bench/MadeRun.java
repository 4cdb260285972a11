package io.github.neuronembed.cli.bench;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import io.github.neuronembed.backend.Shape;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

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
    return result(new Cell(new Shape(batchSize, 64), 1, 2), workers);
  }

  /** A cell of full rows, with these calls. */
  static CellResult result(Cell cell, List<Timers> workers) {
    return result(cell, workers, Double.NaN);
  }

  static CellResult result(Cell cell, List<Timers> workers, double offeredRate) {
    Stages stages = new Stages();
    for (Timers worker : workers) {
      for (int call = 0; call < worker.size(); call++) {
        stages.call(0);
        for (int row = 0; row < worker.rows(call); row++) {
          stages.row(cell.shape().sequenceLength());
        }
        stages.executed(
            (long) worker.rows(call) * cell.shape().sequenceLength(), 1_000, 100_000, 1_000);
      }
    }
    return CellResult.of(
        cell,
        new Measurement(
            workers, stages, new ProcessUse(50, 100, 120, 60), offeredRate, List.of(), false),
        new Quality(0.999, 8, null),
        0);
  }

  static CellResult failedCell() {
    return CellResult.failed(new Cell(new Shape(1, 64), 1, 2), "no memory for <it>");
  }

  static BenchRun run(boolean emulated, CellResult... cells) {
    return run(emulated, null, cells);
  }

  static BenchRun run(boolean emulated, @Nullable Preset preset, CellResult... cells) {
    LocalDateTime start = LocalDateTime.of(2026, 11, 24, 12, 0);
    return new BenchRun(
        new Subject(
            "made-model",
            "made.onnx",
            emulated ? "emulator" : "onnx",
            "fp32",
            "slots",
            new EncoderSize(768, 3072, 12)),
        "a test",
        emulated ? "emulated" : "cpu",
        emulated,
        "inf2.xlarge",
        Price.of("inf2.xlarge", null, LocalDate.EPOCH),
        Chip.INF2,
        preset,
        Scenario.CLOSED_LOOP,
        "random tokens, lengths full",
        10,
        start,
        start.plusSeconds(10),
        Environment.facts("a test"),
        cells.length,
        List.of(cells));
  }

  /** Writes a run of one cell as {@code bench} does. */
  public static Path write(Path file, long seed, double meanMillis) throws IOException {
    return write(file, run(false, cell(seed, meanMillis)));
  }

  /** Writes a run of one cell that is like {@link #write(Path, long, double)} but for a key. */
  public static Path writeWith(Path file, long seed, double meanMillis, String key, String value)
      throws IOException {
    write(file, seed, meanMillis);
    JsonArray cells = new Gson().fromJson(Files.readString(file), JsonArray.class);
    cells.forEach(cell -> cell.getAsJsonObject().addProperty(key, value));
    return Files.writeString(file, cells.toString());
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
