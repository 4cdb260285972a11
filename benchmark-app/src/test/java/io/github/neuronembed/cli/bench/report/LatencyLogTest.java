package io.github.neuronembed.cli.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.cli.bench.figures.Timers;
import io.github.neuronembed.cli.bench.result.Cell;
import io.github.neuronembed.cli.bench.result.CellResult;
import io.github.neuronembed.cli.bench.result.Figures;
import io.github.neuronembed.cli.bench.result.Run;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.EncodableHistogram;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogReader;
import org.junit.jupiter.api.Test;

/** What HdrHistogram's own reader finds in a log is what was measured. */
class LatencyLogTest {

  private static byte[] log(Run run, List<List<Timers>> calls) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    LatencyLog.write(run, calls, out);
    return out.toByteArray();
  }

  private static List<Histogram> read(byte[] log) {
    List<Histogram> intervals = new ArrayList<>();
    HistogramLogReader reader = new HistogramLogReader(new ByteArrayInputStream(log));
    while (reader.hasNext()) {
      EncodableHistogram next = reader.nextIntervalHistogram();
      intervals.add((Histogram) next);
    }
    return intervals;
  }

  @Test
  void theSecondsOfACellAddUpToItsLatencies() {
    List<Timers> one = MadeRun.timers(1, 5, 1);
    List<Timers> eight = MadeRun.timers(2, 40, 8);
    Run run = MadeRun.run(false, MadeRun.cell(1, 5), MadeRun.failedCell(), MadeRun.cell(2, 40, 8));

    List<List<Timers>> calls = List.of(one, List.of(), eight);
    List<Histogram> intervals = read(log(run, calls));

    for (int cell : new int[] {0, 2}) {
      CellResult result = run.cells().get(cell);
      Histogram sum = new Histogram(Timers.SIGNIFICANT_DIGITS);
      intervals.stream().filter(i -> result.cell().tag().equals(i.getTag())).forEach(sum::add);
      Histogram all = Timers.latencies(calls.get(cell));
      Figures figures = MadeRun.figures(result);
      assertThat(sum.getTotalCount()).isEqualTo(figures.calls());
      assertThat(sum).isEqualTo(all);
      // The exact percentile and the histogram's agree within what it tells apart.
      double p99 = figures.latency().p99().millis();
      assertThat(all.getValueAtPercentile(99) / 1e6).isCloseTo(p99, within(0.01 * p99));
    }
    assertThat(intervals).hasSizeGreaterThan(20);
    assertThat(intervals.get(10).getStartTimeStamp()).isGreaterThan(9_000);
  }

  @Test
  void theHistogramsOfAllWorkersAreAddedUp() {
    Timers first = new Timers();
    first.add(0, 1_000, 1);
    Timers second = new Timers();
    second.add(0, 1_000_000, 1);
    second.add(0, 2_000_000, 1);

    Histogram all = Timers.latencies(List.of(first, second));

    assertThat(all.getTotalCount()).isEqualTo(3);
    assertThat(all.getMinValue()).isEqualTo(1_000);
    assertThat(all.getMaxValue()).isGreaterThanOrEqualTo(2_000_000);
  }

  @Test
  void anEmulationSaysSoInEveryTag() {
    byte[] log = log(MadeRun.run(true, MadeRun.cell(1, 5)), List.of(MadeRun.timers(1, 5, 1)));

    assertThat(read(log)).isNotEmpty().allMatch(i -> i.getTag().startsWith("emulated."));
    assertThat(new String(log, StandardCharsets.UTF_8)).contains("EMULATED");
    assertThat(new Cell(new Shape(1, 64), 1, 2).tag()).isEqualTo("1x64.m1.w2");
  }
}
