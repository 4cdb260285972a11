package io.github.neuronembed.cli.bench;

import java.util.List;
import java.util.Locale;

/** Horizontal bars as SVG: labels stay readable however many there are and however small. */
final class BarChart {

  private static final int WIDTH = 640;
  private static final int ROW = 50;
  private static final int ROOM_FOR_VALUE = 150;

  private BarChart() {}

  /**
   * One bar.
   *
   * @param label what it stands for
   * @param value its length; not drawn if it is not a number
   * @param tail a longer, lighter bar behind it; NaN for none
   */
  record Bar(String label, double value, double tail) {}

  static String of(String title, List<Bar> bars) {
    double most = 0;
    for (Bar bar : bars) {
      most = Math.max(most, Math.max(finite(bar.value()), finite(bar.tail())));
    }
    double scale = most == 0 ? 0 : (WIDTH - ROOM_FOR_VALUE) / most;
    StringBuilder svg = new StringBuilder();
    int height = bars.size() * ROW;
    svg.append(
        "<svg role=\"img\" aria-label=\"%s\" viewBox=\"0 0 %s %s\">"
            .formatted(Html.text(title), WIDTH, height));
    int y = 0;
    for (Bar bar : bars) {
      double tail = finite(bar.tail()) * scale;
      double length = finite(bar.value()) * scale;
      svg.append(
          String.format(
              Locale.ROOT,
              "<text x=\"0\" y=\"%d\" class=\"label\">%s</text>"
                  + "<rect x=\"0\" y=\"%d\" width=\"%.1f\" height=\"14\" class=\"tail\"/>"
                  + "<rect x=\"0\" y=\"%d\" width=\"%.1f\" height=\"14\" class=\"bar\"/>"
                  + "<text x=\"%.1f\" y=\"%d\" class=\"value\">%s</text>",
              y + 18,
              Html.text(bar.label()),
              y + 25,
              tail,
              y + 25,
              length,
              Math.max(tail, length) + 5,
              y + 38,
              value(bar)));
      y += ROW;
    }
    return svg.append("</svg>").toString();
  }

  private static String value(Bar bar) {
    String value = Html.number(bar.value());
    return Double.isNaN(bar.tail()) ? value : value + " / " + Html.number(bar.tail());
  }

  private static double finite(double value) {
    return Double.isFinite(value) ? value : 0;
  }
}
