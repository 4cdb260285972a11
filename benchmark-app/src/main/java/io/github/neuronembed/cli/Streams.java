package io.github.neuronembed.cli;

import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;

/**
 * Where a command reads and writes.
 *
 * @param in data to work on
 * @param out results only; unbuffered and not a {@link PrintStream}, so that a closed pipe shows
 * @param err everything else
 * @param terminal whether {@code err} is a terminal: progress and colours are welcome
 */
public record Streams(InputStream in, OutputStream out, PrintStream err, boolean terminal) {}
