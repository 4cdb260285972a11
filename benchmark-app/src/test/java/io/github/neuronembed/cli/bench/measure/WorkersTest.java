package io.github.neuronembed.cli.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.neuronembed.InferenceException;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.cli.UsageException;
import io.github.neuronembed.cli.bench.figures.CellFigures;
import io.github.neuronembed.cli.bench.figures.Measurement;
import io.github.neuronembed.cli.bench.load.Arrivals;
import io.github.neuronembed.cli.bench.load.Inputs;
import io.github.neuronembed.cli.bench.load.Lengths;
import io.github.neuronembed.cli.bench.load.Scenario;
import io.github.neuronembed.cli.bench.load.TokenRows;
import io.github.neuronembed.cli.bench.report.MadeRun;
import io.github.neuronembed.cli.bench.result.Cell;
import io.github.neuronembed.cli.bench.result.CellResult;
import io.github.neuronembed.cli.bench.result.Quality;
import io.github.neuronembed.engine.VectorReader;
import io.github.neuronembed.model.PoolingStrategy;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Loads against a backend whose service time is known. */
class WorkersTest {

  private static final long MILLI = 1_000_000;
  private static final long SECOND = 1_000 * MILLI;
  private static final Cell CELL = new Cell(new Shape(1, 8), 1, 1);

  private static CellResult run(SleepingBackend backend, Cell cell, Arrivals arrivals, long limit)
      throws InterruptedException {
    return CellFigures.PLAIN.of(
        cell,
        workers(backend, cell, new StopSignal()).run(arrivals, Double.NaN, limit, 10 * MILLI),
        Quality.skipped("no matter"),
        0);
  }

  private static Workers workers(SleepingBackend backend, Cell cell, StopSignal stop) {
    Inputs inputs = new TokenRows(Lengths.FULL, 8, 2000, false, 1);
    return new Workers(
        new SlotService(backend, new VectorReader(PoolingStrategy.CLS, true), cell.shape(), inputs),
        cell,
        stop);
  }

  private static double latency(CellResult result, int percent) {
    return MadeRun.figures(result).latency().percentiles().stream()
        .filter(one -> one.percent() == percent)
        .findFirst()
        .orElseThrow()
        .millis();
  }

  @Test
  void aStallOfASecondIsFeltByEveryCallThatItMadeWait() throws Exception {
    SleepingBackend backend = new SleepingBackend(1 * MILLI);
    backend.stallOnce(200, 1 * SECOND);

    CellResult open = run(backend, CELL, Arrivals.constant(250, 3 * SECOND), 30 * SECOND);

    // 250 of 750 calls arrived during the stall; all of them are in the figures.
    assertThat(MadeRun.figures(open).calls()).isEqualTo(750);
    assertThat(latency(open, 99)).isGreaterThan(900);
    assertThat(latency(open, 90)).isGreaterThan(400);
    assertThat(Collections.min(MadeRun.figures(open).throughput().windows())).isLessThan(125);
  }

  @Test
  void aClosedLoopShowsTheSameStallInItsThroughput() throws Exception {
    SleepingBackend backend = new SleepingBackend(1 * MILLI);
    backend.stallOnce(200, 1 * SECOND);

    CellResult closed = run(backend, CELL, Arrivals.closed(3 * SECOND), 30 * SECOND);

    // One call in hundreds: only the maximum and the throughput show it.
    assertThat(latency(closed, 100)).isGreaterThan(900);
    assertThat(Collections.min(MadeRun.figures(closed).throughput().windows())).isLessThan(10);
  }

  @Test
  void moreThanIsServedIsAFailureThatSaysSo() {
    SleepingBackend backend = new SleepingBackend(20 * MILLI);

    assertThatThrownBy(
            () -> run(backend, CELL, Arrivals.constant(1000, SECOND / 5), 2 * SECOND / 5))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("calls arrive faster than they are served");
  }

  @Test
  void aCallLongerThanTheWarmUpIsTheWholeWarmUp() throws Exception {
    SleepingBackend backend = new SleepingBackend(30 * MILLI);

    CellResult result = run(backend, CELL, Arrivals.closed(10 * MILLI), SECOND);

    assertThat(MadeRun.figures(result).calls()).isEqualTo(1);
    assertThat(backend.calls()).isEqualTo(2);
  }

  @Test
  @Timeout(60)
  void anOpenLoopThatIsStoppedKeepsTheCallsItMade() throws Exception {
    StopSignal stop = new StopSignal();
    SleepingBackend backend = new SleepingBackend(1 * MILLI);
    Thread stopping =
        new Thread(
            () -> {
              while (backend.calls() < 15) {
                Thread.onSpinWait();
              }
              stop.request();
            });
    stopping.start();

    // It is stopped while it waits for the next arrival.
    Measurement measured =
        workers(backend, CELL, stop)
            .run(Arrivals.constant(5, 600 * SECOND), 5, Long.MAX_VALUE, 10 * MILLI);

    stopping.join();
    assertThat(measured.stopped()).isTrue();
    assertThat(measured.timers().get(0).size()).isPositive();
  }

  @Test
  @Timeout(60)
  void aWorkerThatFailsEndsTheOthersWithItsOwnReason() {
    SleepingBackend backend = new SleepingBackend(1 * MILLI);
    backend.failAt(30);

    assertThatThrownBy(
            () ->
                run(
                    backend,
                    new Cell(new Shape(1, 8), 1, 3),
                    Arrivals.closed(600 * SECOND),
                    Long.MAX_VALUE))
        .isInstanceOf(InferenceException.class)
        .hasMessageContaining("call 30");
    assertThat(backend.openSlots()).isZero();
  }

  @Test
  void arrivalsKeepTheirRate() {
    assertThat(drain(Arrivals.constant(100, 10 * SECOND))).hasSize(1000);
    List<Long> poisson = drain(Arrivals.poisson(100, 100 * SECOND, 7));
    assertThat(poisson.size()).isBetween(9_600, 10_400);
    assertThat(poisson).isSorted().isEqualTo(drain(Arrivals.poisson(100, 100 * SECOND, 7)));
    // Of a Poisson process, the share of gaps above the mean is 1/e.
    int above = 0;
    for (int i = 1; i < poisson.size(); i++) {
      above += poisson.get(i) - poisson.get(i - 1) > 10 * MILLI ? 1 : 0;
    }
    assertThat((double) above / poisson.size()).isBetween(0.35, 0.385);
  }

  @Test
  void aRateBelongsToAnOpenLoop() {
    assertThatThrownBy(() -> Scenario.of(Scenario.Kind.CLOSED, 5.0, null, null))
        .isInstanceOf(UsageException.class);
    assertThatThrownBy(() -> Scenario.of(Scenario.Kind.POISSON, null, null, null))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("--rate");
  }

  private static List<Long> drain(Arrivals arrivals) {
    List<Long> all = new ArrayList<>();
    for (long at = arrivals.next(0); at != Arrivals.OVER; at = arrivals.next(at)) {
      all.add(at);
    }
    return all;
  }
}
