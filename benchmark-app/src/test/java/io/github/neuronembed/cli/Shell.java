package io.github.neuronembed.cli;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** Runs commands as a shell does, and keeps what the last one wrote. */
public final class Shell {

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  /** Runs a command without input; returns its exit code. */
  public int run(String... arguments) {
    return NeuronEmbed.run(arguments, streams(""));
  }

  /** Runs a command on an input; returns its exit code. */
  public int runOn(String input, String... arguments) {
    return NeuronEmbed.run(arguments, streams(input));
  }

  /** Streams for a command that is called directly. */
  public Streams streams(String input) {
    out.reset();
    err.reset();
    return new Streams(
        new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
        out,
        new PrintStream(err, true, StandardCharsets.UTF_8),
        false);
  }

  public String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  public String err() {
    return err.toString(StandardCharsets.UTF_8);
  }
}
