package io.github.neuronembed.cli;

import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;

/** An option with a value, by its long name only. */
public final class ValueOption {

  private ValueOption() {}

  /**
   * Adds an option.
   *
   * @param name as it is written after {@code --}
   * @param value the name of its value in the help
   * @param description for the help
   */
  public static void addTo(Options options, String name, String value, String description) {
    options.addOption(
        Option.builder().longOpt(name).hasArg().argName(value).desc(description).get());
  }
}
