package io.github.neuronembed.cli.bench.result;

import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One run of the benchmark so far: everything that reports show and files keep.
 *
 * @param subject what was measured
 * @param backend the backend that computed, in words
 * @param deviceType {@code cpu}, {@code neuron} or {@code emulated}
 * @param emulated whether the device was an emulation
 * @param instanceType the instance that the price belongs to; null if none was given
 * @param price of the machine; null if there is none
 * @param chip whose peak gives the utilisation; null if no chip was given
 * @param origin the publication that the run is compared with; null if there is none
 * @param load who decided when a call began, and what calls carried
 * @param durationSeconds how long each cell was measured
 * @param start when the run began, UTC
 * @param stop when this state of it was made, UTC
 * @param environment facts about where it ran, by name
 * @param plannedCells how many cells were planned
 * @param cells the cells that were tried
 */
public record Run(
    Subject subject,
    String backend,
    String deviceType,
    boolean emulated,
    @Nullable String instanceType,
    @Nullable Price price,
    @Nullable String chip,
    Published.@Nullable Origin origin,
    Load load,
    double durationSeconds,
    LocalDateTime start,
    LocalDateTime stop,
    Map<String, String> environment,
    int plannedCells,
    List<CellResult> cells) {

  /**
   * The load that the calls made.
   *
   * @param scenario who decided when a call began, with its rate or bound
   * @param p99BoundMillis the bound of the p99 in a search for the highest rate; else NaN
   * @param inputs what the rows were
   */
  public record Load(String scenario, double p99BoundMillis, String inputs) {

    /** Whether calls arrived whatever the workers did. */
    public boolean isOpen() {
      return !scenario.equals("closed") && !scenario.equals("offline");
    }
  }

  /** Sentences that a reader of all cells must know. */
  public List<String> notes() {
    List<String> notes = new ArrayList<>();
    if (cells.size() < plannedCells) {
      notes.add("Stopped early: %s of %s cells were tried.".formatted(cells.size(), plannedCells));
    }
    if (chip != null) {
      notes.add(
          "Utilisation counts the used cores of %s%s. Padding does not count."
              .formatted(
                  chip, deviceType.equals("neuron") ? "" : ", which is not the measured device"));
      if (!subject.isComputed()) {
        notes.add("No model was computed: there is no utilisation.");
      } else if (measured().allMatch(figures -> Double.isNaN(figures.utilisation()))) {
        notes.add("The model's dimensions are not known: there is no utilisation.");
      }
    }
    if (price != null) {
      notes.add(
          String.format(
              Locale.ROOT, "Price: $%s per hour, %s.", price.dollarsPerHour(), price.basis()));
    } else if (instanceType != null) {
      notes.add("No built-in price for %s: give --cost-per-hour.".formatted(instanceType));
    }
    return notes;
  }

  private Stream<Figures> measured() {
    return cells.stream().map(CellResult::figures).filter(Objects::nonNull);
  }
}
