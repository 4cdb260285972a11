package io.github.neuronembed.cli.bench.result;

/**
 * Published figures of a cell; NaN where the publication has none.
 *
 * @param throughput rows per second, by NeuronPerf's rule
 * @param latencyMillisP50 milliseconds of a call
 * @param latencyMillisP99 milliseconds of a call
 * @param costPerMillion dollars for a million rows, at the price that the origin names
 */
public record Published(
    double throughput, double latencyMillisP50, double latencyMillisP99, double costPerMillion) {

  /**
   * The origin of the figures.
   *
   * @param name of the preset
   * @param origin who published them, and how they were measured
   */
  public record Origin(String name, String origin) {}
}
