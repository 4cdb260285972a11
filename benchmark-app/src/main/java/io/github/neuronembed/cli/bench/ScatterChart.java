package io.github.neuronembed.cli.bench;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.List;
import java.util.Locale;

/** Points as SVG with both axes from zero; every point has a number that the legend explains. */
final class ScatterChart {

  private static final int WIDTH = 640;
  private static final int HEIGHT = 340;
  private static final int MARGIN = 64;
  private static final int TICKS = 4;

  private ScatterChart() {}

  /**
   * One point.
   *
   * @param number what it is called
   */
  record Point(int number, double x, double y) {}

  static String of(String title, String xTitle, String yTitle, List<Point> points) {
    double right = end(points.stream().mapToDouble(Point::x).max().orElse(1));
    double top = end(points.stream().mapToDouble(Point::y).max().orElse(1));
    StringBuilder svg = new StringBuilder();
    svg.append(
        "<svg role=\"img\" aria-label=\"%s\" viewBox=\"0 0 %s %s\">"
            .formatted(Html.text(title), WIDTH, HEIGHT));
    for (int tick = 0; tick <= TICKS; tick++) {
      double x = MARGIN + (double) (WIDTH - MARGIN) * tick / TICKS;
      double y = HEIGHT - MARGIN - (double) (HEIGHT - MARGIN) * tick / TICKS;
      svg.append(
          String.format(
              Locale.ROOT,
              "<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" class=\"axis\"/>",
              MARGIN,
              y,
              WIDTH,
              y));
      if (tick < TICKS) {
        svg.append(
            String.format(
                Locale.ROOT,
                "<text x=\"%.1f\" y=\"%d\" class=\"value\">%s</text>",
                x,
                HEIGHT - MARGIN + 22,
                tick(right, tick)));
        svg.append(
            String.format(
                Locale.ROOT,
                "<text x=\"%d\" y=\"%.1f\" class=\"value\" text-anchor=\"end\">%s</text>",
                MARGIN - 4,
                y - 3,
                tick(top, tick)));
      }
    }
    for (Point point : points) {
      double x = MARGIN + point.x() / right * (WIDTH - MARGIN);
      double y = HEIGHT - MARGIN - point.y() / top * (HEIGHT - MARGIN);
      svg.append(
          String.format(
              Locale.ROOT,
              "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\" class=\"bar\"/>"
                  + "<text x=\"%.1f\" y=\"%.1f\" class=\"label\">%d</text>",
              x,
              y,
              x + 7,
              y - 4,
              point.number()));
    }
    svg.append(
        "<text x=\"%s\" y=\"%s\" class=\"label\" text-anchor=\"end\">%s →</text>"
            .formatted(WIDTH, HEIGHT - 6, Html.text(xTitle)));
    svg.append(
        "<text x=\"%s\" y=\"14\" class=\"label\">↑ %s</text>"
            .formatted(MARGIN + 4, Html.text(yTitle)));
    return svg.append("</svg>").toString();
  }

  /** The end of an axis whose ticks are at multiples of 1, 2, 2.5 or 5 of a power of ten. */
  private static double end(double most) {
    double least = most * 1.05 / TICKS;
    double power = Math.pow(10, Math.floor(Math.log10(least)));
    for (double step : new double[] {1, 2, 2.5, 5}) {
      if (step * power >= least) {
        return step * power * TICKS;
      }
    }
    return 10 * power * TICKS;
  }

  private static String tick(double end, int tick) {
    return new BigDecimal(end * tick / TICKS)
        .round(new MathContext(6))
        .stripTrailingZeros()
        .toPlainString();
  }
}
