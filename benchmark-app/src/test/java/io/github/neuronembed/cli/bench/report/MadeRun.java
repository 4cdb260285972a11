package io.github.neuronembed.cli.bench.report;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.cli.bench.figures.CellFigures;
import io.github.neuronembed.cli.bench.figures.Chip;
import io.github.neuronembed.cli.bench.figures.EncoderSize;
import io.github.neuronembed.cli.bench.figures.Measurement;
import io.github.neuronembed.cli.bench.figures.Stages;
import io.github.neuronembed.cli.bench.figures.Timers;
import io.github.neuronembed.cli.bench.load.Preset;
import io.github.neuronembed.cli.bench.measure.Environment;
import io.github.neuronembed.cli.bench.result.Cell;
import io.github.neuronembed.cli.bench.result.CellResult;
import io.github.neuronembed.cli.bench.result.Figures;
import io.github.neuronembed.cli.bench.result.Price;
import io.github.neuronembed.cli.bench.result.Quality;
import io.github.neuronembed.cli.bench.result.Run;
import io.github.neuronembed.cli.bench.result.Subject;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Runs made of random timers, for tests of what is done with runs. */
public final class MadeRun {

  private MadeRun() {}

  /**
   * A cell of two workers over some ten seconds, whose calls scatter by 10 % about a mean that
   * drifts by 1 %, as it does on a real machine.
   */
  public static CellResult cell(long seed, double meanMillis) {
    return cell(seed, meanMillis, 1);
  }

  public static CellResult cell(long seed, double meanMillis, int batchSize) {
    return result(new Cell(new Shape(batchSize, 64), 1, 2), timers(seed, meanMillis, batchSize));
  }

  /** The calls of such a cell. */
  public static List<Timers> timers(long seed, double meanMillis, int batchSize) {
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
    return workers;
  }

  /** A cell of full rows, with these calls. */
  public static CellResult result(Cell cell, List<Timers> workers) {
    return result(cell, workers, Double.NaN);
  }

  public static CellResult result(Cell cell, List<Timers> workers, double offeredRate) {
    return result(cell, workers, offeredRate, (Preset) null);
  }

  /** A cell that stands beside a publication. */
  public static CellResult result(
      Cell cell, List<Timers> workers, double offeredRate, @Nullable Preset preset) {
    return result(
        cell,
        workers,
        offeredRate,
        new CellFigures(
            Price.of("inf2.xlarge", null, LocalDate.EPOCH),
            Chip.INF2,
            new EncoderSize(768, 3072, 12),
            one -> preset == null ? null : preset.of(one.published())));
  }

  /** A cell without a price, a chip or a publication. */
  public static CellResult bareCell() {
    return result(new Cell(new Shape(1, 64), 1, 2), timers(1, 5, 1), Double.NaN, CellFigures.PLAIN);
  }

  private static CellResult result(
      Cell cell, List<Timers> workers, double offeredRate, CellFigures figures) {
    List<Measurement.Work> works = new ArrayList<>();
    for (Timers worker : workers) {
      Stages stages = new Stages();
      for (int call = 0; call < worker.size(); call++) {
        stages.call(0);
        for (int row = 0; row < worker.rows(call); row++) {
          stages.row(cell.shape().sequenceLength());
        }
        stages.executed(
            (long) worker.rows(call) * cell.shape().sequenceLength(), 1_000, 100_000, 1_000);
      }
      works.add(new Measurement.Work(worker, stages));
    }
    return figures.of(
        cell,
        new Measurement(
            works,
            new Stages(),
            new Figures.ProcessUse(50, 100, 120, 60),
            offeredRate,
            List.of(),
            false),
        new Quality(0.999, 8, null),
        0);
  }

  /** The figures of a cell that has them. */
  public static Figures figures(CellResult result) {
    return Objects.requireNonNull(result.figures());
  }

  public static CellResult packedCell() {
    return result(new Cell(new Shape(1, 256, 32), 1, 2), timers(4, 5, 20));
  }

  public static CellResult failedCell() {
    return CellFigures.PLAIN.failed(
        new Cell(new Shape(1, 64), 1, 2),
        "no memory for <it>",
        List.of(),
        Quality.skipped("the cell failed"));
  }

  public static Run run(boolean emulated, CellResult... cells) {
    return run(emulated, null, cells);
  }

  public static Run run(boolean emulated, @Nullable Preset preset, CellResult... cells) {
    LocalDateTime start = LocalDateTime.of(2026, 11, 24, 12, 0);
    return new Run(
        new Subject("made-model", "made.onnx", emulated ? "emulator" : "onnx", "fp32", "slots"),
        "a test",
        emulated ? "emulated" : "cpu",
        emulated,
        "inf2.xlarge",
        Price.of("inf2.xlarge", null, LocalDate.EPOCH),
        Chip.INF2.description(),
        preset == null ? null : preset.source(),
        new Run.Load("closed", Double.NaN, "random tokens, lengths full"),
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

  private static Path write(Path file, Run run) throws IOException {
    try (Writer out = Files.newBufferedWriter(file)) {
      JsonReport.write(run, out);
    }
    return file;
  }
}
