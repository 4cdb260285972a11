package io.github.neuronembed.cli.bench;

import io.github.neuronembed.cli.UsageException;
import org.apache.commons.cli.CommandLine;
import org.jspecify.annotations.Nullable;

/** Numbers among the arguments. */
public final class Numbers {

  private Numbers() {}

  /**
   * A positive number, or the default if the option was not given.
   *
   * @throws UsageException if it is none
   */
  public static double positive(CommandLine arguments, String option, double byDefault) {
    Double given = optional(arguments, option);
    return given == null ? byDefault : given;
  }

  /**
   * A positive number; null if the option was not given.
   *
   * @throws UsageException if it is none
   */
  public static @Nullable Double optional(CommandLine arguments, String option) {
    String given = arguments.getOptionValue(option);
    if (given == null) {
      return null;
    }
    try {
      double value = Double.parseDouble(given);
      if (value > 0 && !Double.isInfinite(value)) {
        return value;
      }
    } catch (NumberFormatException e) {
      // The message is below.
    }
    throw new UsageException("--%s takes a positive number, not '%s'.".formatted(option, given));
  }
}
