package io.github.neuronembed.cli;

import java.io.IOException;
import java.util.List;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.Options;

/** One thing the command line can do. */
public interface Command {

  /** The word that selects it. */
  String name();

  /** One line for the list of commands. */
  String summary();

  /** What follows the name, for example {@code [options] [FILE...]}. */
  String arguments();

  /** Paragraphs of its help below the options. */
  default List<String> notes() {
    return List.of();
  }

  /** Its options; {@code --help} and {@code --debug} come with every command. */
  Options options();

  /**
   * For commands that take options only.
   *
   * @throws UsageException if there are other arguments
   */
  default void requireOptionsOnly(CommandLine arguments) {
    if (!arguments.getArgList().isEmpty()) {
      throw new UsageException(
          "%s takes options only, not '%s'.".formatted(name(), arguments.getArgList().get(0)));
    }
  }

  /**
   * Does it.
   *
   * @return the exit code, see {@link ExitCode}
   * @throws UsageException if the arguments do not make sense
   * @throws IOException if reading or writing failed
   */
  int run(CommandLine arguments, Streams streams) throws IOException, InterruptedException;
}
