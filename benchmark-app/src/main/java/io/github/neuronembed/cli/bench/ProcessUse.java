package io.github.neuronembed.cli.bench;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What a measurement cost the process.
 *
 * @param cpuPercent mean load, 100 for every processor at work
 * @param residentMegabytes memory at the end, by Linux's account; elsewhere NaN
 * @param peakResidentMegabytes the most memory meanwhile, by Linux's account; elsewhere NaN
 * @param peakHeapMegabytes the most of the Java heap that can have been in use: the sum of its
 *     pools' peaks
 */
record ProcessUse(
    double cpuPercent,
    double residentMegabytes,
    double peakResidentMegabytes,
    double peakHeapMegabytes) {

  static final ProcessUse UNKNOWN = new ProcessUse(Double.NaN, Double.NaN, Double.NaN, Double.NaN);

  private static final double MEGA = 1 << 20;

  /** Linux: writing a 5 there begins a new peak. */
  private static final Path CLEAR = Path.of("/proc/self/clear_refs");

  /** Watches the process from now on. */
  static Watch watch() {
    return new Watch();
  }

  /** A measurement under way. */
  static final class Watch {

    private final OperatingSystemMXBean system =
        ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    private final long cpuBefore;
    private final long before;

    private Watch() {
      ManagementFactory.getMemoryPoolMXBeans().forEach(MemoryPoolMXBean::resetPeakUsage);
      try {
        Files.writeString(CLEAR, "5");
      } catch (IOException e) {
        // Then the peak is that of the process so far.
      }
      cpuBefore = system.getProcessCpuTime();
      before = System.nanoTime();
    }

    ProcessUse end() {
      double cpu =
          percent(
              system.getProcessCpuTime() - cpuBefore,
              System.nanoTime() - before,
              system.getAvailableProcessors());
      double heap =
          ManagementFactory.getMemoryPoolMXBeans().stream()
              .filter(pool -> pool.getType() == MemoryType.HEAP)
              .mapToDouble(pool -> pool.getPeakUsage().getUsed())
              .sum();
      return new ProcessUse(cpu, status("VmRSS:"), status("VmHWM:"), heap / MEGA);
    }
  }

  /**
   * The share of the processors that was used. In a container with a share of a larger machine, a
   * window of a few milliseconds can show more than 100: the share is enforced over a period
   * (Linux: 100 ms), not at every moment.
   */
  static double percent(long cpuNanos, long elapsedNanos, int processors) {
    return 100.0 * cpuNanos / elapsedNanos / processors;
  }

  private static double status(String key) {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith(key)) {
          return Double.parseDouble(line.replaceAll("[^0-9]", "")) / 1024;
        }
      }
    } catch (IOException e) {
      // No such account here.
    }
    return Double.NaN;
  }
}
