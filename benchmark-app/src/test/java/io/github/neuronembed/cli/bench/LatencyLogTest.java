package io.github.neuronembed.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.neuronembed.backend.Shape;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.HdrHistogram.EncodableHistogram;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogReader;
import org.junit.jupiter.api.Test;

/** What HdrHistogram's own reader finds in a log is what was measured. */
class LatencyLogTest {

  private static byte[] log(BenchRun run) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    LatencyLog.write(run, out);
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
    CellResult one = MadeRun.cell(1, 5);
    CellResult eight = MadeRun.cell(2, 40, 8);

    List<Histogram> intervals = read(log(MadeRun.run(false, one, MadeRun.failedCell(), eight)));

    for (CellResult cell : List.of(one, eight)) {
      Histogram sum = new Histogram(Timers.SIGNIFICANT_DIGITS);
      intervals.stream().filter(i -> cell.cell().tag().equals(i.getTag())).forEach(sum::add);
      Histogram all = Timers.latencies(cell.timers());
      assertThat(sum.getTotalCount()).isEqualTo(Objects.requireNonNull(cell.rules()).calls());
      assertThat(sum).isEqualTo(all);
      // The exact percentile and the histogram's agree within what it tells apart.
      assertThat(all.getValueAtPercentile(99) / 1e6)
          .isCloseTo(
              cell.rules().latencyMillis()[4], within(0.01 * cell.rules().latencyMillis()[4]));
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
    byte[] log = log(MadeRun.run(true, MadeRun.cell(1, 5)));

    assertThat(read(log)).isNotEmpty().allMatch(i -> i.getTag().startsWith("emulated."));
    assertThat(new String(log, StandardCharsets.UTF_8)).contains("EMULATED");
    assertThat(new Cell(new Shape(1, 64), 1, 2).tag()).isEqualTo("1x64.m1.w2");
  }
}
