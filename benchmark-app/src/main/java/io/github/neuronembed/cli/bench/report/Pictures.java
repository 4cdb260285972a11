package io.github.neuronembed.cli.bench.report;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.neuronembed.cli.bench.result.CellResult;
import io.github.neuronembed.cli.bench.result.Figures;
import io.github.neuronembed.cli.bench.result.Run;
import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Objects;
import java.util.function.ToDoubleFunction;

/** The pictures of a page, their descriptions in words, and the data for them. */
public final class Pictures {

  private static final String PUBLISHED = "published";

  private Pictures() {}

  /** The pictures of a run, in their order; those that would be empty are left out. */
  static List<Page.Picture> of(Run run) {
    List<Page.Picture> pictures = new ArrayList<>();
    List<Figures> figures =
        run.cells().stream()
            .map(CellResult::figures)
            .filter(Objects::nonNull)
            .filter(one -> one.calls() > 0)
            .toList();
    if (figures.isEmpty()) {
      return pictures;
    }
    String cells = "%s cells".formatted(figures.size());
    List<Double> ratios =
        run.cells().stream().map(CellResult::ratioToPublished).filter(Double::isFinite).toList();
    if (!ratios.isEmpty()) {
      pictures.add(
          new Page.Picture(
              PUBLISHED,
              "Measured beside published, rows/s; behind the bars their ratio, with its 95 % interval",
              "Bars of the measured and the published throughput. The ratio of %s: %s."
                  .formatted(cells, range(ratios, value -> value, ""))));
    }
    if (!run.cells().stream().allMatch(result -> result.steps().isEmpty())) {
      pictures.add(
          new Page.Picture(
              "rates",
              "Load against p99, with the bound of %s ms"
                  .formatted(Digits.number(run.load().p99BoundMillis())),
              "Each tried rate with its p99. The highest rates that met the bound: %s."
                  .formatted(range(figures, Figures::offeredRate, " rows/s"))));
    }
    if (figures.stream().anyMatch(one -> !one.latency().distribution().isEmpty())) {
      pictures.add(
          new Page.Picture(
              "latency",
              "Latency by percentile, ms",
              "A line for each cell, up to its slowest calls. The p50 of %s: %s; the p99: %s."
                  .formatted(
                      cells,
                      range(figures, one -> one.latency().p50().millis(), " ms"),
                      range(figures, one -> one.latency().p99().millis(), " ms"))));
    }
    pictures.add(
        new Page.Picture(
            "frontier",
            "Throughput against latency: a point for each cell, by its number; the line joins those that no other beats",
            "A point for each cell. Throughput %s, p50 %s."
                .formatted(
                    range(figures, one -> one.throughput().withStalls(), " rows/s"),
                    range(figures, one -> one.latency().p50().millis(), " ms"))));
    pictures.add(
        new Page.Picture(
            "stages",
            "Where the time of a call goes, in %; behind the bar its mean",
            "Stacked bars of queueing, tokenizing, writing, executing and reading. Executing: %s."
                .formatted(range(figures, one -> one.stages().execute(), " ms"))));
    if (run.price() != null) {
      pictures.add(
          new Page.Picture(
              "cost",
              "Cost of a million rows, $",
              "A bar for each cell: %s dollars."
                  .formatted(range(figures, one -> one.cost().withStalls(), ""))));
    }
    pictures.add(
        new Page.Picture(
            "timeline",
            "Throughput over the time of the run, as a part of its mean",
            "A line for each cell; a gap in it is a stall. %s stalls were found."
                .formatted(figures.stream().mapToLong(one -> one.stalls().count()).sum())));
    return pictures;
  }

  static boolean isFirst(Page.Picture picture) {
    return picture.id().equals(PUBLISHED) || picture.id().equals("rates");
  }

  /** Runs as data for the scripts: the objects of the JSON files, with a name for each cell. */
  public static JsonArray runs(List<Run> runs) {
    JsonArray array = new JsonArray();
    for (Run run : runs) {
      JsonArray cells = JsonReport.cells(run);
      for (int i = 0; i < cells.size(); i++) {
        JsonObject cell = cells.get(i).getAsJsonObject();
        cell.addProperty("name", Details.name(run, run.cells().get(i).cell()));
        // No picture uses it, and it is the same in every cell.
        cell.remove("environment");
        cell.remove("remarks");
      }
      array.add(cells);
    }
    return array;
  }

  private static <T> String range(List<T> of, ToDoubleFunction<T> value, String unit) {
    DoubleSummaryStatistics all =
        of.stream().mapToDouble(value).filter(Double::isFinite).summaryStatistics();
    return all.getCount() == 0
        ? "not known"
        : all.getMin() == all.getMax()
            ? Digits.number(all.getMin()) + unit
            : Digits.number(all.getMin()) + " to " + Digits.number(all.getMax()) + unit;
  }
}
