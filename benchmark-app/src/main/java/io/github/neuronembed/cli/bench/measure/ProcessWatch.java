package io.github.neuronembed.cli.bench.measure;

import com.sun.management.OperatingSystemMXBean;
import io.github.neuronembed.cli.bench.result.Figures;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Measures what the process uses during a measurement. Memory comes from Linux; on other systems it
 * is NaN. The peak of the Java heap is the sum of the peaks of its pools. Not thread-safe.
 */
final class ProcessWatch {

  private static final double MEGA = 1 << 20;

  /** On Linux, writing 5 to this file resets the peak. */
  private static final Path CLEAR = Path.of("/proc/self/clear_refs");

  private final OperatingSystemMXBean system =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
  private final long cpuBefore;
  private final long before;

  /** Begins. */
  ProcessWatch() {
    ManagementFactory.getMemoryPoolMXBeans().forEach(MemoryPoolMXBean::resetPeakUsage);
    try {
      Files.writeString(CLEAR, "5");
    } catch (IOException e) {
      // Then the peak is that of the process since its start.
    }
    cpuBefore = system.getProcessCpuTime();
    before = System.nanoTime();
  }

  /** Ends. */
  Figures.ProcessUse end() {
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
    return new Figures.ProcessUse(cpu, status("VmRSS:"), status("VmHWM:"), heap / MEGA);
  }

  /**
   * The share of the processors that was used. In a container with a share of a larger machine, a
   * window of a few milliseconds can show more than 100: the system enforces the share over a
   * period (Linux: 100 ms), not at every moment.
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
      // This system has no such file.
    }
    return Double.NaN;
  }
}
