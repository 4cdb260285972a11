package io.github.neuronembed.cli.bench;

import java.util.Locale;

/** A series over the time of a run as SVG, from zero, so that a stall is as deep as it was. */
final class LineChart {

  private static final int WIDTH = 640;
  private static final int HEIGHT = 70;

  private LineChart() {}

  static String of(String title, double[] values) {
    double most = 0;
    for (double value : values) {
      most = Math.max(most, value);
    }
    StringBuilder points = new StringBuilder();
    for (int i = 0; i < values.length; i++) {
      double left = (double) i * WIDTH / values.length;
      double right = (double) (i + 1) * WIDTH / values.length;
      double y = most == 0 ? HEIGHT : HEIGHT - values[i] / most * (HEIGHT - 4);
      points.append(String.format(Locale.ROOT, "%.1f,%.1f %.1f,%.1f ", left, y, right, y));
    }
    return "<svg role=\"img\" aria-label=\"%s\" viewBox=\"0 0 %s %s\">"
            .formatted(Html.text(title), WIDTH, HEIGHT + 2)
        + "<line x1=\"0\" y1=\"%s\" x2=\"%s\" y2=\"%s\" class=\"axis\"/>"
            .formatted(HEIGHT, WIDTH, HEIGHT)
        + "<polyline class=\"line\" points=\"%s\"/></svg>".formatted(points.toString().strip());
  }
}
