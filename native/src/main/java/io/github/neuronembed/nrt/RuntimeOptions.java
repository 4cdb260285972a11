package io.github.neuronembed.nrt;

import java.util.Objects;

/**
 * The options for opening a runtime. Settings that are not restricted here follow {@code
 * NEURON_RT_VISIBLE_CORES} and {@code NEURON_RT_NUM_CORES} of the process environment, and with
 * neither the process owns every core of the instance.
 *
 * @param visibleCores the cores to own, as an index, a range or a list of contiguous ascending
 *     indexes ({@code "3"}, {@code "0-1"}, {@code "0,1,2"}); empty for no restriction
 * @param coreCount how many cores to own, whichever are free; 0 for no restriction
 * @param executionTimeoutSeconds after which an execution counts as hung, including the wait for
 *     its turn; 0 for {@code NEURON_RT_EXEC_TIMEOUT} of the environment, else 30
 */
public record RuntimeOptions(String visibleCores, int coreCount, int executionTimeoutSeconds) {

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if a number is negative, or both restrictions are given
   */
  public RuntimeOptions {
    Objects.requireNonNull(visibleCores, "visibleCores");
    if (coreCount < 0 || executionTimeoutSeconds < 0) {
      throw new IllegalArgumentException(
          "The core count is %s and the execution timeout %s s; neither may be negative."
              .formatted(coreCount, executionTimeoutSeconds));
    }
    if (!visibleCores.isEmpty() && coreCount != 0) {
      throw new IllegalArgumentException(
          "Visible cores and a core count were both set; set one of them.");
    }
  }

  /** No restriction, the default timeout. */
  public static RuntimeOptions defaults() {
    return new RuntimeOptions("", 0, 0);
  }

  /**
   * These options with other cores.
   *
   * @param cores see {@link #visibleCores()}
   * @return a copy
   */
  public RuntimeOptions withVisibleCores(String cores) {
    return new RuntimeOptions(cores, coreCount, executionTimeoutSeconds);
  }

  /**
   * These options with another number of cores.
   *
   * @param count see {@link #coreCount()}
   * @return a copy
   */
  public RuntimeOptions withCoreCount(int count) {
    return new RuntimeOptions(visibleCores, count, executionTimeoutSeconds);
  }

  /**
   * These options with another timeout.
   *
   * @param seconds see {@link #executionTimeoutSeconds()}
   * @return a copy
   */
  public RuntimeOptions withExecutionTimeoutSeconds(int seconds) {
    return new RuntimeOptions(visibleCores, coreCount, seconds);
  }
}
