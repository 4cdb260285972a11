package io.github.neuronembed.cli.bench.figures;

import java.util.Locale;

/**
 * An accelerator, to compare a throughput with its peak. The peaks are those of AWS's Neuron
 * documentation (architecture pages of Inferentia2 and Trainium; both have two NeuronCore-v2).
 */
public enum Chip {
  INF2(190, 820, 2),
  TRN1(190, 820, 2);

  private final double peakTeraflops;
  private final double gigabytesPerSecond;
  private final int cores;

  Chip(double peakTeraflops, double gigabytesPerSecond, int cores) {
    this.peakTeraflops = peakTeraflops;
    this.gigabytesPerSecond = gigabytesPerSecond;
    this.cores = cores;
  }

  /**
   * The part of the working cores' peak that a throughput uses.
   *
   * @param flopsPerSecond of useful work, padding not counted
   * @param coresAtWork one for each replica
   */
  public double utilisation(double flopsPerSecond, int coresAtWork) {
    return flopsPerSecond / (peakTeraflops * 1e12 * coresAtWork / cores);
  }

  /** What the utilisation is a part of, for the reports. */
  public String description() {
    return String.format(
        Locale.ROOT,
        "%s: %.0f TFLOPS bf16, %.0f GB/s, %d cores",
        name().toLowerCase(Locale.ROOT),
        peakTeraflops,
        gigabytesPerSecond,
        cores);
  }
}
