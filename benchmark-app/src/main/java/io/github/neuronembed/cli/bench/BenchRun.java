package io.github.neuronembed.cli.bench;

import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One run of the command, as far as it came.
 *
 * @param subject what was measured
 * @param backend what computed, for people
 * @param deviceType {@code cpu}, {@code neuron} or {@code emulated}
 * @param emulated whether the device was an emulation
 * @param instanceType the instance the price belongs to; null if none was given
 * @param price of the machine; null if there is none
 * @param chip what the throughput is held against; null if nothing
 * @param preset the publication that the run stands beside; null if there is none
 * @param scenario who decided when a call began
 * @param inputs what the rows were, for people
 * @param durationSeconds how long each cell was measured
 * @param start when the run began, UTC
 * @param stop when it ended, UTC
 * @param environment where it ran, by name
 * @param plannedCells how many cells there should have been
 * @param results the cells that were tried
 */
record BenchRun(
    Subject subject,
    String backend,
    String deviceType,
    boolean emulated,
    @Nullable String instanceType,
    @Nullable Price price,
    @Nullable Chip chip,
    @Nullable Preset preset,
    Scenario scenario,
    String inputs,
    double durationSeconds,
    LocalDateTime start,
    LocalDateTime stop,
    Map<String, String> environment,
    int plannedCells,
    List<CellResult> results) {

  String modelName() {
    return subject.modelName();
  }

  String modelFile() {
    return subject.modelFile();
  }

  /** What was published of a cell; null if nothing was. */
  Preset.@Nullable Published published(Cell cell) {
    return preset == null ? null : preset.of(cell.published());
  }

  /**
   * Throughput with stalls over the published throughput; NaN without either. Stalls count against
   * us, so the ratio never flatters.
   */
  double ratioToPublished(CellResult result) {
    Preset.Published published = published(result.cell());
    return published == null ? Double.NaN : result.rowsPerSecond() / published.throughput();
  }

  /** Dollars for a million rows by the throughput with stalls; NaN without a price. */
  double costPerMillion(CellResult result) {
    return price == null
        ? Double.NaN
        : price.dollarsPerHour() * 1e6 / (3600 * result.rowsPerSecond());
  }

  /**
   * Useful part of the chip's peak, 0 to 1; NaN without a chip or the encoder's size, or if nothing
   * was computed.
   */
  double utilisation(CellResult result) {
    if (chip == null
        || subject.size() == null
        || !subject.isComputed()
        || result.measurement() == null) {
      return Double.NaN;
    }
    double flops = subject.size().flops(result.stages().tokens(), result.stages().squaredTokens());
    return chip.utilisation(flops / result.totalSeconds(), result.cell().models());
  }

  /** What a reader of all cells has to know, in sentences. */
  List<String> notes() {
    List<String> notes = new ArrayList<>();
    if (results.size() < plannedCells) {
      notes.add(
          "Stopped early: %s of %s cells were tried.".formatted(results.size(), plannedCells));
    }
    if (chip != null) {
      notes.add(
          "Utilisation is of the cores at work of %s%s. Padding counts as no use."
              .formatted(
                  chip.description(),
                  deviceType.equals("neuron") ? "" : ", which is not what was measured"));
      if (subject.size() == null) {
        notes.add("The model's dimensions are not known: there is no utilisation.");
      }
      if (!subject.isComputed()) {
        notes.add("No model was computed: there is no utilisation.");
      }
    }
    if (price != null) {
      notes.add("Price: $%s per hour, %s.".formatted(price.dollarsPerHour(), price.basis()));
    } else if (instanceType != null) {
      notes.add("No built-in price for %s: give --cost-per-hour.".formatted(instanceType));
    }
    return notes;
  }
}
