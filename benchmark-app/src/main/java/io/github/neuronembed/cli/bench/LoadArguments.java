package io.github.neuronembed.cli.bench;

import io.github.neuronembed.cli.EmbedderArguments;
import io.github.neuronembed.cli.UsageException;
import io.github.neuronembed.cli.bench.load.Lengths;
import io.github.neuronembed.cli.bench.load.Scenario;
import io.github.neuronembed.cli.bench.load.Trace;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import org.apache.commons.cli.CommandLine;

/** What the command line says about when calls begin and what they carry. */
final class LoadArguments {

  private LoadArguments() {}

  static Scenario scenario(CommandLine arguments) throws IOException {
    Scenario.Kind kind =
        EmbedderArguments.choice(
            arguments, "scenario", Scenario.Kind.CLOSED, Scenario.Kind.values());
    Trace trace = arguments.hasOption("trace") ? Trace.read(path(arguments, "trace")) : null;
    Scenario scenario =
        Scenario.of(
            kind,
            Numbers.optional(arguments, "rate"),
            trace,
            Numbers.optional(arguments, "p99-bound"));
    if (kind == Scenario.Kind.OFFLINE && !arguments.hasOption("texts")) {
      throw new UsageException("--scenario offline needs --texts FILE.");
    }
    if ((kind == Scenario.Kind.OFFLINE || kind == Scenario.Kind.TRACE)
        && arguments.hasOption("duration")) {
      throw new UsageException(
          "--duration has no meaning for trace and offline: they have their own length.");
    }
    return scenario;
  }

  static Lengths lengths(CommandLine arguments, Scenario scenario) {
    String given = arguments.getOptionValue("lengths");
    if (given == null) {
      return Lengths.FULL;
    }
    if (arguments.hasOption("texts") || scenario.kind() == Scenario.Kind.OFFLINE) {
      throw new UsageException(
          "--lengths sets the lengths of random rows; --texts have their own.");
    }
    return Lengths.parse(given);
  }

  /** The file that an option names; the option must have been given. */
  static Path path(CommandLine arguments, String option) {
    return Path.of(Objects.requireNonNull(arguments.getOptionValue(option)));
  }
}
