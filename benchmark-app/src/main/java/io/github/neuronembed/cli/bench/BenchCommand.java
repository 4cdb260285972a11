package io.github.neuronembed.cli.bench;

import io.github.neuronembed.cli.Command;
import io.github.neuronembed.cli.ExitCode;
import io.github.neuronembed.cli.Progress;
import io.github.neuronembed.cli.Streams;
import io.github.neuronembed.cli.bench.figures.Timers;
import io.github.neuronembed.cli.bench.measure.Bench;
import io.github.neuronembed.cli.bench.measure.Environment;
import io.github.neuronembed.cli.bench.report.ReportFiles;
import io.github.neuronembed.cli.bench.result.Cell;
import io.github.neuronembed.cli.bench.result.CellResult;
import io.github.neuronembed.cli.bench.result.Run;
import java.io.IOException;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.Options;

/** Measures latency, throughput and cost over a matrix of loads. */
public final class BenchCommand implements Command {

  private static final Pattern COUNTS = Pattern.compile("(, | \\()\\d+ (session|NeuronCore).*");

  @Override
  public String name() {
    return "bench";
  }

  @Override
  public String summary() {
    return "Measure latency, throughput and cost.";
  }

  @Override
  public String arguments() {
    return "[options]";
  }

  @Override
  public Options options() {
    Options options = BenchOptions.all();
    ReportFiles.addTo(options);
    return options;
  }

  @Override
  public int run(CommandLine arguments, Streams streams) throws IOException, InterruptedException {
    BenchArguments given = BenchArguments.parse(arguments);
    ReportFiles files = ReportFiles.of(arguments, streams);
    try (EarlyEnd end = EarlyEnd.onExit();
        Rows rows = given.rows()) {
      Run run = measure(given, rows, end, files, streams);
      files.print(run);
      boolean failed = run.cells().stream().anyMatch(cell -> cell.failure() != null);
      return failed || end.signal().isRequested() ? ExitCode.FAILED : ExitCode.DONE;
    }
  }

  /** Writes the reports again after every cell, so that they are kept however the process ends. */
  private static Run measure(
      BenchArguments given, Rows rows, EarlyEnd end, ReportFiles files, Streams streams)
      throws IOException, InterruptedException {
    LocalDateTime start = now();
    Set<String> backends = new LinkedHashSet<>();
    boolean[] emulated = {given.subject().backend().equals("emulator")};
    Bench bench =
        new Bench(
            given.plan(rows),
            end.signal(),
            backend -> {
              backends.add(backend.description());
              emulated[0] |= backend.emulated();
            });
    String inputs = rows.of(given.cells().get(0)).description();
    List<CellResult> results = new ArrayList<>();
    List<List<Timers>> calls = new ArrayList<>();
    Run run = run(given, inputs, backend(backends), emulated[0], start, results);
    try (Progress progress = Progress.start("measuring", "cells", given.cells().size(), streams)) {
      for (Cell cell : given.cells()) {
        if (end.signal().isRequested()) {
          break;
        }
        Bench.Measured measured = bench.measure(cell);
        results.add(measured.result());
        calls.add(measured.timers());
        run = run(given, inputs, backend(backends), emulated[0], start, results);
        files.write(run, calls);
        progress.step();
      }
    }
    return run;
  }

  private static Run run(
      BenchArguments given,
      String inputs,
      String backend,
      boolean emulated,
      LocalDateTime start,
      List<CellResult> results) {
    return new Run(
        given.subject(),
        backend,
        emulated ? "emulated" : given.subject().backend().equals("neuron") ? "neuron" : "cpu",
        emulated,
        given.instanceType(),
        given.price(),
        given.chip() == null ? null : given.chip().description(),
        given.preset() == null ? null : given.preset().source(),
        new Run.Load(given.scenario().title(), given.scenario().boundMillis(), inputs),
        given.durationSeconds(),
        start,
        now(),
        Environment.facts(backend),
        given.cells().size(),
        List.copyOf(results));
  }

  private static LocalDateTime now() {
    return LocalDateTime.now(ZoneOffset.UTC);
  }

  /** The backend of all cells; without the number of sessions or cores, if that differs. */
  static String backend(Set<String> descriptions) {
    String first = descriptions.isEmpty() ? "nothing" : descriptions.iterator().next();
    return descriptions.size() > 1 ? COUNTS.matcher(first).replaceFirst("") : first;
  }
}
