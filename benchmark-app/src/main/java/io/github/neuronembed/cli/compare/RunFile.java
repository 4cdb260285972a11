package io.github.neuronembed.cli.compare;

import io.github.neuronembed.cli.bench.report.RunReader;
import io.github.neuronembed.cli.bench.result.Cell;
import io.github.neuronembed.cli.bench.result.CellResult;
import io.github.neuronembed.cli.bench.result.Run;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The JSON file of one benchmark run.
 *
 * @param run the run
 * @param cells its cells by what identifies them in any run, in the file's order
 */
public record RunFile(Run run, Map<String, CellResult> cells) {

  /**
   * Reads it.
   *
   * @throws io.github.neuronembed.cli.UsageException if it is not a file that {@code bench} wrote
   * @throws IOException if it cannot be read
   */
  public static RunFile read(Path path) throws IOException {
    Run run = RunReader.read(path);
    Map<String, CellResult> cells = new LinkedHashMap<>();
    for (CellResult result : run.cells()) {
      cells.put(key(run, result.cell()), result);
    }
    return new RunFile(run, cells);
  }

  /** Everything that makes two figures incomparable, except the versions, which are compared. */
  private static String key(Run run, Cell cell) {
    StringBuilder key = new StringBuilder();
    key.append(
        "%s %s, %s, %s, %s, %s on %s"
            .formatted(
                run.subject().modelName(),
                cell.shape(),
                count(cell.models(), "model"),
                count(cell.workersPerModel(), "worker"),
                run.load().scenario(),
                run.subject().precision(),
                run.subject().backend()));
    if (run.subject().through().equals("engine")) {
      key.append(", through the engine, ").append(count(cell.slotsPerModel(), "slot"));
    }
    if (cell.inputPath() != null) {
      key.append(", ").append(cell.inputPathName());
    }
    key.append(", ").append(run.load().inputs());
    return key.append(run.emulated() ? ", emulated" : "").toString();
  }

  private static String count(int count, String what) {
    return "%s %s%s".formatted(count, what, count == 1 ? "" : "s");
  }
}
