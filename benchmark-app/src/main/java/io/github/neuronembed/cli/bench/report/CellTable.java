package io.github.neuronembed.cli.bench.report;

import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.cli.bench.result.Cell;
import io.github.neuronembed.cli.bench.result.CellResult;
import io.github.neuronembed.cli.bench.result.Figures;
import io.github.neuronembed.cli.bench.result.Latency;
import io.github.neuronembed.cli.bench.result.Published;
import io.github.neuronembed.cli.bench.result.Run;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The cells of a run as a table for people: its columns and their values. The reports for the
 * terminal, Markdown and HTML only draw it.
 *
 * @param columns without those that would be empty, or have the same value in every line
 * @param lines one for each cell
 */
record CellTable(List<Column> columns, List<Line> lines) {

  /**
   * A column.
   *
   * @param heading with the unit
   * @param meaning a phrase that explains the heading; empty if the heading is clear
   * @param figure whether a failed cell has no value in this column
   * @param value the value for a cell
   */
  record Column(
      String heading, String meaning, boolean figure, Function<CellResult, String> value) {}

  /**
   * A line.
   *
   * @param result the cell
   * @param values one for each column; empty where a cell that failed has no figure
   * @param end the text after the last value: a failure, the mark of an emulation, or nothing
   */
  record Line(CellResult result, List<String> values, String end) {}

  static CellTable of(Run run) {
    List<Column> columns = new ArrayList<>();
    load(run, columns);
    figures(run, columns);
    if (run.cells().stream().anyMatch(result -> result.published() != null)) {
      against(columns);
    }
    List<Line> lines = new ArrayList<>();
    for (CellResult result : run.cells()) {
      lines.add(
          new Line(
              result,
              columns.stream()
                  .map(
                      column ->
                          column.figure() && result.figures() == null
                              ? ""
                              : column.value().apply(result))
                  .toList(),
              end(run, result)));
    }
    return new CellTable(List.copyOf(columns), List.copyOf(lines));
  }

  private static String end(Run run, CellResult result) {
    String mark = run.emulated() ? "emulated" : "";
    if (result.failure() == null) {
      return mark;
    }
    return (mark.isEmpty() ? "" : mark + ", ") + "failed: " + result.failure();
  }

  private static void load(Run run, List<Column> columns) {
    columns.add(load("batch", "rows of a call", result -> text(result.cell().shape().batchSize())));
    columns.add(
        load(
            "length",
            "tokens of a row, and where several texts share one the most of them",
            result -> length(result.cell().shape())));
    columns.add(load("models", "replicas", result -> text(result.cell().models())));
    columns.add(
        load("workers", "callers per replica", result -> text(result.cell().workersPerModel())));
    List<Cell> cells = run.cells().stream().map(CellResult::cell).toList();
    if (cells.stream().map(Cell::slots).distinct().count() > 1) {
      columns.add(load("slots", "per replica", result -> text(result.cell().slotsPerModel())));
    }
    if (cells.stream().map(Cell::inputPath).distinct().count() > 1) {
      columns.add(load("input", "input path", result -> or(result.cell().inputPathName(), "")));
    }
  }

  private static void figures(Run run, List<Column> columns) {
    columns.add(
        number(
            "rows/s",
            "rows per second by NeuronPerf's rule, which needs calls in at least three"
                + " different seconds",
            figures -> figures.throughput().neuronPerfAverage()));
    columns.add(
        number(
            "rows/s*",
            "rows per second over the whole time, including stalls; $/1M uses them",
            figures -> figures.throughput().withStalls()));
    columns.add(
        figure(
            "±%",
            "half the width of the 95 % confidence interval of rows/s*",
            figures ->
                Digits.percent(
                    figures.throughput().interval().width()
                        / 2
                        / figures.throughput().withStalls())));
    columns.add(
        number(
            "p50 ms",
            "latency that half of the calls stay under",
            figures -> figures.latency().p50().millis()));
    columns.add(
        figure(
            "p99 ms",
            "latency that 99 of 100 calls stay under; ? marks too few calls (662 are needed)",
            figures -> marked(figures.latency().p99())));
    columns.add(figure("calls", "", figures -> Digits.count(figures.calls())));
    columns.add(
        number(
            "tokens/s",
            "tokens of the texts, padding left out",
            figures -> figures.tokens().perSecond()));
    columns.add(
        number(
            "texts/ex",
            "texts in an execution, on average",
            figures -> figures.tokens().rowsPerExecution()));
    columns.add(
        figure(
            "fill %",
            "share of the computed tokens that belong to texts",
            figures -> Digits.percent(figures.tokens().fill())));
    columns.add(
        figure(
            "cpu %",
            "load of all processors", figures -> Digits.percent(figures.use().cpuPercent() / 100)));
    columns.add(
        new Column(
            "cosine",
            "lowest cosine of a vector with the model's own in fp32, one row at a time",
            true,
            result -> Digits.cosine(result.quality())));
    columns.add(number("$/1M", "dollars per million rows", figures -> figures.cost().withStalls()));
    if (run.chip() != null) {
      columns.add(
          figure(
              "use %",
              "useful fraction of the chip's peak",
              figures -> Digits.percent(figures.utilisation())));
    }
  }

  private static void against(List<Column> columns) {
    columns.add(
        new Column(
            "published",
            "published rows/s",
            false,
            result -> {
              Published published = result.published();
              return published == null ? "" : Digits.number(published.throughput());
            }));
    columns.add(
        new Column(
            "ratio",
            "rows/s* divided by the published rows/s",
            true,
            result -> Digits.number(result.ratioToPublished())));
  }

  private static String length(Shape shape) {
    return shape.sequenceLength() + (shape.isPacked() ? "p" + shape.textsPerRow() : "");
  }

  private static Column load(String heading, String meaning, Function<CellResult, String> value) {
    return new Column(heading, meaning, false, value);
  }

  private static Column number(String heading, String meaning, Function<Figures, Double> value) {
    return figure(heading, meaning, figures -> Digits.number(value.apply(figures)));
  }

  private static Column figure(String heading, String meaning, Function<Figures, String> value) {
    return new Column(
        heading,
        meaning,
        true,
        result -> {
          Figures figures = result.figures();
          return figures == null ? "" : value.apply(figures);
        });
  }

  private static String marked(Latency.Percentile percentile) {
    return Digits.number(percentile.millis()) + (percentile.supported() ? "" : "?");
  }

  private static String text(int value) {
    return Integer.toString(value);
  }

  private static String or(@Nullable String value, String other) {
    return value == null ? other : value;
  }
}
