package io.github.neuronembed.cli.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.neuronembed.BackendUnavailableException;
import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.backend.InferenceBackend;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.TokenRow;
import io.github.neuronembed.cli.bench.figures.CellFigures;
import io.github.neuronembed.cli.bench.figures.Timers;
import io.github.neuronembed.cli.bench.load.Inputs;
import io.github.neuronembed.cli.bench.load.Lengths;
import io.github.neuronembed.cli.bench.load.Scenario;
import io.github.neuronembed.cli.bench.load.TextRows;
import io.github.neuronembed.cli.bench.load.TokenRows;
import io.github.neuronembed.cli.bench.load.Trace;
import io.github.neuronembed.cli.bench.report.MadeRun;
import io.github.neuronembed.cli.bench.result.Cell;
import io.github.neuronembed.cli.bench.result.CellResult;
import io.github.neuronembed.cli.bench.result.Figures;
import io.github.neuronembed.cli.bench.result.RateStep;
import io.github.neuronembed.cli.bench.result.ThreePlaces;
import io.github.neuronembed.engine.VectorReader;
import io.github.neuronembed.model.PoolingStrategy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Cells from opening to closing, against a backend whose service time is known. */
class BenchTest {

  private static final long MILLI = 1_000_000;
  private static final Cell CELL = new Cell(new Shape(1, 8), 1, 2);
  private static final VectorReader READER = new VectorReader(PoolingStrategy.CLS, true);

  private final StopSignal stop = new StopSignal();
  private final List<InferenceBackend> opened = new ArrayList<>();

  private Bench bench(
      BenchBackends backends,
      boolean throughEngine,
      @Nullable Inputs inputs,
      int passRows,
      Scenario scenario,
      long durationNanos) {
    return new Bench(
        new Bench.Plan(
            backends,
            READER,
            false,
            throughEngine,
            cell ->
                inputs == null
                    ? new TokenRows(Lengths.parse("uniform:3,5"), 8, 2000, false, 1)
                    : inputs,
            passRows,
            2000,
            CellFigures.PLAIN,
            null,
            "not asked for",
            scenario,
            durationNanos,
            10 * MILLI),
        stop,
        opened::add);
  }

  @Test
  void aCellThatFailsSaysWhyAndDoesNotEndTheOthers() throws Exception {
    SleepingBackend failing = new SleepingBackend(MILLI);
    // Two workers make a call each to warm up, and one after.
    failing.failAt(3);
    List<BenchBackends> backends =
        List.of(
            cell -> {
              throw new ModelLoadException("no memory");
            },
            cell -> {
              throw new UnsatisfiedLinkError("no library");
            },
            cell -> failing,
            cell -> new SleepingBackend(MILLI));

    List<CellResult> results = new ArrayList<>();
    for (BenchBackends one : backends) {
      results.add(
          bench(one, false, null, 0, Scenario.CLOSED_LOOP, 100 * MILLI).measure(CELL).result());
    }

    assertThat(results)
        .extracting(CellResult::failure)
        .containsExactly("no memory", "no library", "call 3 must fail", null);
    assertThat(opened).hasSize(2);
    assertThat(failing.openSlots()).isZero();
  }

  @Test
  void aBackendThatIsNotThereEndsTheRunUnlessACellHadIt() throws Exception {
    List<BenchBackends> backends = new ArrayList<>();
    backends.add(
        cell -> {
          throw new BackendUnavailableException("no device");
        });
    Bench bench =
        bench(cell -> backends.get(0).open(cell), false, null, 0, Scenario.CLOSED_LOOP, 20 * MILLI);

    assertThatThrownBy(() -> bench.measure(CELL).result())
        .isInstanceOf(BackendUnavailableException.class);

    backends.add(0, cell -> new SleepingBackend(MILLI));
    assertThat(bench.measure(CELL).result().failure()).isNull();
    backends.remove(0);
    assertThat(bench.measure(CELL).result().failure()).isEqualTo("no device");
  }

  @Test
  void aPassCarriesEveryTextOnceThroughSlotsAndThroughTheEngine() throws Exception {
    for (boolean throughEngine : new boolean[] {false, true}) {
      List<String> texts = IntStream.range(0, 23).mapToObj(i -> "text " + i).toList();
      List<String> seen = Collections.synchronizedList(new ArrayList<>());
      TextRows inputs =
          new TextRows(
              "texts",
              texts,
              text -> {
                seen.add(text);
                return TokenRow.of(new int[] {101, 1000 + texts.indexOf(text), 102});
              },
              8,
              true);
      SleepingBackend backend = new SleepingBackend(MILLI, new Shape(4, 8));
      Cell cell = new Cell(new Shape(4, 8), 1, 2);

      CellResult result =
          bench(c -> backend, throughEngine, inputs, texts.size(), Scenario.OFFLINE, 1)
              .measure(cell)
              .result();

      assertThat(result.failure()).isNull();
      Figures figures = MadeRun.figures(result);
      assertThat(figures.rows()).isEqualTo(23);
      assertThat(figures.calls()).isEqualTo(6);
      assertThat(figures.tokens().perRow()).isEqualTo(3);
      // Fixed shapes of 4 × 8 compute 6 · 32 tokens, whatever was in them; the engine may share
      // one.
      assertThat(MadeRun.figures(result).tokens().paddingRatio())
          .isBetween(1 - 69.0 / (3 * 32), 1 - 69.0 / (6 * 32));
      // Each text once, after the warming up, which carries some as often as it likes.
      assertThat(seen.subList(seen.size() - 23, seen.size()))
          .containsExactlyInAnyOrderElementsOf(texts);
      assertThat(backend.openSlots()).isZero();
    }
  }

  @Test
  void theEnginesStagesAreThoseOfTheMeasuredCallsOnly() throws Exception {
    SleepingBackend backend = new SleepingBackend(2 * MILLI);
    Cell cell = new Cell(new Shape(1, 8), 1, 4, 1, null);

    CellResult result =
        bench(c -> backend, true, null, 0, Scenario.CLOSED_LOOP, 300 * MILLI)
            .measure(cell)
            .result();

    assertThat(MadeRun.figures(result).stages().execute()).isEqualTo(2);
    // Four callers share one slot: a call waits for the three before it.
    assertThat(MadeRun.figures(result).stages().queue()).isGreaterThan(2);
    // One execution a call, as none carries two: 8 tokens computed for each.
    assertThat(MadeRun.figures(result).tokens().paddingRatio())
        .isCloseTo(1 - MadeRun.figures(result).tokens().perRow() / 8, within(1e-9));
  }

  @Test
  void theHighestRateIsLookedForAndItsStepsAreKept() throws Exception {
    CellResult result =
        bench(
                c -> new SleepingBackend(4 * MILLI),
                false,
                null,
                0,
                Scenario.of(Scenario.Kind.MAX_RATE, null, null, 400.0),
                150 * MILLI)
            .measure(CELL)
            .result();

    assertThat(result.failure()).isNull();
    assertThat(result.steps()).isNotEmpty().anyMatch(RateStep::met).anyMatch(step -> !step.met());
    RateStep best =
        result.steps().stream()
            .filter(step -> step.rowsPerSecond() == MadeRun.figures(result).offeredRate())
            .findFirst()
            .orElseThrow();
    assertThat(best.met()).isTrue();
    assertThat(best.p99Millis()).isLessThanOrEqualTo(400);
    assertThat(best.calls()).isEqualTo(MadeRun.figures(result).calls());
  }

  @Test
  void aBoundThatCannotBeMetIsAFailureThatKeepsItsSteps() throws Exception {
    CellResult result =
        bench(
                c -> new SleepingBackend(4 * MILLI),
                false,
                null,
                0,
                Scenario.of(Scenario.Kind.MAX_RATE, null, null, 1.0),
                20 * MILLI)
            .measure(CELL)
            .result();

    double lowest =
        result.steps().stream()
            .filter(step -> step.calls() > 0)
            .mapToDouble(RateStep::rowsPerSecond)
            .min()
            .orElseThrow();
    assertThat(result.failure())
        .startsWith(
            "no tried rate meets the bound; the lowest rate with calls, %s rows/s, had a p99 of "
                .formatted(ThreePlaces.text(lowest)))
        .endsWith(" ms")
        .doesNotContain("N/A");
    assertThat(result.steps()).isNotEmpty().noneMatch(RateStep::met);
  }

  @Test
  void whatWasMeasuredUntilAStopIsKeptAndMarked() throws Exception {
    SleepingBackend backend = new SleepingBackend(MILLI);
    Thread stopper =
        new Thread(
            () -> {
              while (backend.calls() < 200) {
                Thread.onSpinWait();
              }
              stop.request();
            });
    stopper.start();

    CellResult result =
        bench(c -> backend, false, null, 0, Scenario.CLOSED_LOOP, Long.MAX_VALUE)
            .measure(CELL)
            .result();

    stopper.join();
    assertThat(MadeRun.figures(result).stopped()).isTrue();
    assertThat(MadeRun.figures(result).calls()).isGreaterThan(50);
    assertThat(result.remarks()).first().asString().startsWith("Stopped early");
  }

  @Test
  void aTraceIsReplayed() throws Exception {
    long[] offsets = new long[40];
    Arrays.setAll(offsets, i -> i * 2L * MILLI);

    Bench.Measured measured =
        bench(
                c -> new SleepingBackend(MILLI / 10),
                false,
                null,
                0,
                Scenario.of(Scenario.Kind.TRACE, null, new Trace("t", offsets), null),
                1)
            .measure(CELL);

    List<Long> begins = new ArrayList<>();
    for (Timers timers : measured.timers()) {
      for (int call = 0; call < timers.size(); call++) {
        begins.add(timers.begin(call));
      }
    }
    assertThat(begins).containsExactlyInAnyOrderElementsOf(Arrays.stream(offsets).boxed().toList());
  }
}
