package io.github.neuronembed.cli.bench;

import java.time.LocalDateTime;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One run of the command, as far as it came.
 *
 * @param modelName the model
 * @param modelFile the file that was loaded
 * @param backend what computed, for people
 * @param deviceType {@code cpu}, {@code neuron} or {@code emulated}
 * @param emulated whether the device was an emulation
 * @param instanceType the instance the price belongs to; null if none was given
 * @param price of the machine; null if there is none
 * @param preset the publication that the run stands beside; null if there is none
 * @param scenario who decided when a call began
 * @param durationSeconds how long each cell was measured
 * @param start when the run began, UTC
 * @param stop when it ended, UTC
 * @param environment where it ran, by name
 * @param results the cells that were tried
 */
record BenchRun(
    String modelName,
    String modelFile,
    String backend,
    String deviceType,
    boolean emulated,
    @Nullable String instanceType,
    @Nullable Price price,
    @Nullable Preset preset,
    Scenario scenario,
    double durationSeconds,
    LocalDateTime start,
    LocalDateTime stop,
    Map<String, String> environment,
    List<CellResult> results) {

  /** What was published of a cell; null if nothing was. */
  Preset.@Nullable Published published(Cell cell) {
    return preset == null ? null : preset.of(cell);
  }

  /**
   * Throughput with stalls over the published throughput; NaN without either. Stalls count against
   * us, so the ratio never flatters.
   */
  double ratioToPublished(CellResult result) {
    Preset.Published published = published(result.cell());
    return published == null ? Double.NaN : result.rowsPerSecond() / published.throughput();
  }
}
