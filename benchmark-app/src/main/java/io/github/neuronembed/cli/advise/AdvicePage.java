package io.github.neuronembed.cli.advise;

import io.github.neuronembed.advice.DeviceTimes;
import io.github.neuronembed.advice.ShapeAdvisor;
import io.github.neuronembed.advice.ShapeAdvisor.Advice;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.cli.bench.figures.EncoderSize;
import io.github.neuronembed.engine.EngineSimulation;
import io.github.neuronembed.engine.EngineSimulation.Outcome;
import io.github.neuronembed.model.ModelDirectory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What {@code advise} prints. */
final class AdvicePage {

  private static final double LOAD = 0.8;

  /** The smallest set that comes so close to the best is the one to compile. */
  private static final double ENOUGH = 0.98;

  private static final int SIMULATED_TEXTS = 20_000;
  private static final int BYTES_PER_WEIGHT = 2;

  private final Map<Integer, Long> texts;
  private final DeviceTimes times;
  private final String assumptions;
  private final List<Advice> proposals;
  private final @Nullable Double rate;
  private final List<String> remarks = new ArrayList<>();
  private @Nullable Advice now;
  private String nowIs = "";
  private int shapesNow;

  /**
   * @param rate texts per second for the latencies; null for a share of the throughput of the
   *     current shapes
   */
  AdvicePage(
      Map<Integer, Long> texts,
      DeviceTimes times,
      String assumptions,
      List<Advice> proposals,
      @Nullable Double rate) {
    this.texts = texts;
    this.times = times;
    this.assumptions = assumptions;
    this.proposals = proposals;
    this.rate = rate;
  }

  /** A line below the proposals. */
  void remark(String remark) {
    remarks.add(remark);
  }

  /** Sets the shapes that the proposals are compared with. */
  void compareWith(List<Shape> shapes, boolean compiled) {
    shapesNow = shapes.size();
    nowIs = compiled ? "compiled now" : "compile_neff.py's default";
    int longest = Collections.max(texts.keySet());
    List<Shape> unknown = shapes.stream().filter(shape -> times.nanos(shape) <= 0).toList();
    if (!unknown.isEmpty()) {
      remarks.add("The time of %s (%s) is not known: no comparison.".formatted(unknown, nowIs));
    } else if (shapes.stream().noneMatch(shape -> shape.sequenceLength() >= longest)) {
      remarks.add(
          "No shape (%s) fits a text of %s tokens: no comparison.".formatted(nowIs, longest));
    } else {
      now = new Advice(shapes, ShapeAdvisor.offline(texts, shapes, times));
    }
  }

  /** The smallest proposal that is about as fast as the fastest. */
  private Advice proposed() {
    double best =
        proposals.stream().mapToDouble(advice -> advice.offline().textsPerSecond()).max().orElse(0);
    return proposals.stream()
        .filter(advice -> advice.offline().textsPerSecond() >= ENOUGH * best)
        .findFirst()
        .orElseThrow();
  }

  String text(String modelName, ModelDirectory model) {
    Advice proposed = proposed();
    double load =
        rate != null
            ? rate
            : LOAD * (now == null ? proposals.get(0) : now).offline().textsPerSecond();
    long count = texts.values().stream().mapToLong(Long::longValue).sum();
    double tokens =
        texts.entrySet().stream()
            .mapToDouble(entry -> (double) entry.getKey() * entry.getValue())
            .sum();
    StringBuilder page = new StringBuilder();
    line(
        page,
        "%d texts of %.1f tokens on average, %d at most; one core; %s.",
        count,
        tokens / count,
        Collections.max(texts.keySet()),
        assumptions);
    line(
        page,
        "%n%10s %9s %9s %9s   %s%n%10s %9s %9s %9s",
        "texts/s",
        "padding",
        "p50 ms",
        "p99 ms",
        "shapes",
        "",
        "",
        String.format(Locale.ROOT, "at %.0f/s", load),
        "");
    if (now != null) {
      row(page, now, load, nowIs + ": ");
    }
    for (Advice advice : proposals) {
      row(page, advice, load, advice.equals(proposed) ? "proposed: " : "");
    }
    remarks.forEach(remark -> line(page, "%s", remark));
    if (proposed.shapes().stream().anyMatch(Shape::isPacked)) {
      line(
          page,
          "Measure the cost of packing on a device first (operations, packed shapes);"
              + " --plain proposes plain shapes only.");
    }
    line(page, "%n%s", memory(model, proposed.shapes().size()));
    line(
        page,
        "%nnative/neff/compile_neff.py %s --shapes %s",
        modelName,
        argument(proposed.shapes()));
    return page.toString();
  }

  private void row(StringBuilder page, Advice advice, double load, String what) {
    Outcome offline = advice.offline();
    String p50 = "grows";
    String p99 = "";
    if (load < offline.textsPerSecond()) {
      Outcome loaded =
          new EngineSimulation(advice.shapes(), times::nanos, 1)
              .atRate(ShapeAdvisor.draws(texts, 2), SIMULATED_TEXTS, load, 3);
      p50 = String.format(Locale.ROOT, "%.1f", loaded.p50Nanos() / 1e6);
      p99 = String.format(Locale.ROOT, "%.1f", loaded.p99Nanos() / 1e6);
    }
    line(
        page,
        "%10.0f %8.1f%% %9s %9s   %s%s",
        offline.textsPerSecond(),
        100 * (1 - offline.tokenFill()),
        p50,
        p99,
        what,
        argument(advice.shapes()));
  }

  private String memory(ModelDirectory model, int shapes) {
    EncoderSize size = EncoderSize.of(model.transformer());
    if (size == null) {
      return "Device memory: each shape holds its own weights; %s shapes, %s %s."
          .formatted(shapes, shapesNow, nowIs);
    }
    double hidden = size.hiddenSize();
    double weights =
        size.layers() * (4 * hidden * hidden + 2 * hidden * size.intermediateSize())
            + hidden * (model.vocabularySize() + model.maxTokens());
    double megabytes = BYTES_PER_WEIGHT * weights / 1e6;
    return String.format(
        Locale.ROOT,
        "Device memory: each shape holds its own weights, %.0f MB in bfloat16; %d"
            + " shapes take %.0f MB of a core's memory; the shapes of the comparison (%s,"
            + " %d) take %.0f MB.",
        megabytes,
        shapes,
        shapes * megabytes,
        nowIs,
        shapesNow,
        shapesNow * megabytes);
  }

  private static String argument(List<Shape> shapes) {
    return shapes.stream().map(Shape::argument).collect(Collectors.joining(","));
  }

  private static void line(StringBuilder page, String format, Object... values) {
    page.append(String.format(Locale.ROOT, format, values)).append('\n');
  }
}
