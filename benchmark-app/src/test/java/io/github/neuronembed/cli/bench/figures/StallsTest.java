package io.github.neuronembed.cli.bench.figures;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.cli.bench.report.CsvReport;
import io.github.neuronembed.cli.bench.report.HtmlReport;
import io.github.neuronembed.cli.bench.report.JsonReport;
import io.github.neuronembed.cli.bench.report.MadeRun;
import io.github.neuronembed.cli.bench.report.MarkdownReport;
import io.github.neuronembed.cli.bench.report.TableReport;
import io.github.neuronembed.cli.bench.result.Cell;
import io.github.neuronembed.cli.bench.result.CellResult;
import io.github.neuronembed.cli.bench.result.Run;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A stall is found, named, and in every figure that it belongs in. */
class StallsTest {

  private static final long MILLI = 1_000_000;
  private static final long SECOND = 1_000 * MILLI;
  private static final Cell CELL = new Cell(new Shape(1, 8), 1, 1);

  /** One server that takes a millisecond, but does nothing for a second from second 2 on. */
  private static Timers served(long gapNanos, boolean stalls) {
    Timers timers = new Timers();
    long free = 0;
    for (long arrival = 0; arrival < 10 * SECOND; arrival += gapNanos) {
      long start = Math.max(arrival, free);
      if (stalls && start >= 2 * SECOND && start < 3 * SECOND) {
        start = 3 * SECOND;
      }
      free = start + MILLI;
      timers.add(arrival, free, 1);
    }
    return timers;
  }

  private static double p99(CellResult result) {
    return MadeRun.figures(result).latency().p99().millis();
  }

  @Test
  void aSyntheticStallOfASecondShowsInOpenLoopP99AndInTheThroughputAndTheReportSaysSo()
      throws Exception {
    CellResult calm = MadeRun.result(CELL, List.of(served(4 * MILLI, false)), 250);
    CellResult stalled = MadeRun.result(CELL, List.of(served(4 * MILLI, true)), 250);

    assertThat(p99(calm)).isCloseTo(1, within(1e-6));
    // A tenth of the calls waited for up to a second: the p99 is nearly all of it.
    assertThat(p99(stalled)).isBetween(850.0, 1001.0);
    assertThat(Collections.min(MadeRun.figures(calm).throughput().windows())).isGreaterThan(240);
    assertThat(Collections.min(MadeRun.figures(stalled).throughput().windows())).isLessThan(125);
    assertThat(MadeRun.figures(calm).stalls().count()).isZero();
    assertThat(calm.remarks()).isEmpty();
    assertThat(MadeRun.figures(stalled).stalls().count()).isEqualTo(1);
    assertThat(MadeRun.figures(stalled).stalls().longestSeconds()).isCloseTo(1.001, within(0.002));
    assertThat(stalled.remarks())
        .singleElement()
        .asString()
        .startsWith("Stalled: no call ended from second 2.00 to 3.00 although calls waited")
        .contains("1001 times the p50");
    Run run = MadeRun.run(false, stalled);
    for (Report report :
        List.<Report>of(
            TableReport::write,
            MarkdownReport::write,
            HtmlReport::write,
            CsvReport::write,
            JsonReport::write)) {
      StringBuilder text = new StringBuilder();
      report.write(run, text);
      assertThat(text.toString()).contains("Stalled: no call ended from second 2.00 to 3.00");
    }
  }

  @FunctionalInterface
  private interface Report {
    void write(Run run, Appendable out) throws Exception;
  }

  @Test
  void aTimeInWhichNobodyCalledIsNoStall() {
    assertThat(Stalls.of(List.of(served(500 * MILLI, false)), 1))
        .isEqualTo(new Stalls(0, 0, 0, 0, 1));
  }

  @Test
  void oneWorkerThatHangsIsNoStallWhileAnotherGoesOn() {
    Timers hangs = new Timers();
    hangs.add(0, 5 * SECOND, 1);
    Timers goesOn = new Timers();
    for (long now = 0; now < 5 * SECOND; now += MILLI) {
      goesOn.add(now, now + MILLI, 1);
    }

    assertThat(Stalls.of(List.of(hangs, goesOn), 1).count()).isZero();
  }

  @Test
  void theLongestOfSeveralIsNamedAndAllAreAddedUp() {
    Timers timers = new Timers();
    timers.add(0, 20 * MILLI, 1);
    timers.add(20 * MILLI, 21 * MILLI, 1);
    timers.add(21 * MILLI, 71 * MILLI, 1);

    Stalls stalls = Stalls.of(List.of(timers), 1);

    assertThat(stalls.count()).isEqualTo(2);
    assertThat(stalls.totalSeconds()).isCloseTo(0.07, within(1e-9));
    assertThat(stalls.sentence()).contains("from second 0.02 to 0.07", "2 such stalls took 0.07 s");
  }

  @Test
  void tooFewSamplesAreSaidSo() {
    Timers timers = new Timers();
    for (int call = 0; call < 20; call++) {
      timers.add(call * MILLI, (call + 1) * MILLI, 1);
    }
    assertThat(MadeRun.result(CELL, List.of(timers)).remarks())
        .singleElement()
        .asString()
        .startsWith("Too few samples: 20 calls are too few for p90 and p99");

    for (int call = 20; call < 661; call++) {
      timers.add(call * MILLI, (call + 1) * MILLI, 1);
    }
    assertThat(MadeRun.result(CELL, List.of(timers)).remarks())
        .containsExactly(
            "Too few samples for p99: 661 calls of the 662 that it needs; measure longer.");

    timers.add(661 * MILLI, 662 * MILLI, 1);
    assertThat(MadeRun.result(CELL, List.of(timers)).remarks()).isEmpty();
  }

  @Test
  void servingLessThanArrivesIsSaidSo() {
    Timers timers = new Timers();
    for (int call = 0; call < 5000; call++) {
      timers.add(call * MILLI / 2, (call + 1) * MILLI, 1);
    }

    assertThat(MadeRun.result(CELL, List.of(timers), 2000).remarks())
        .anyMatch(
            remark -> remark.startsWith("Fell behind: 2000 rows arrived per second and 1000"));
  }
}
