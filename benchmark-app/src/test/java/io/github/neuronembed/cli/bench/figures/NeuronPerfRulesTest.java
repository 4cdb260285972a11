package io.github.neuronembed.cli.bench.figures;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.cli.bench.report.MadeRun;
import io.github.neuronembed.cli.bench.result.Cell;
import io.github.neuronembed.cli.bench.result.CellResult;
import io.github.neuronembed.cli.bench.result.Figures;
import io.github.neuronembed.cli.bench.result.Latency;
import io.github.neuronembed.cli.bench.result.Quality;
import io.github.neuronembed.cli.bench.result.ThreePlaces;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Recorded timers give the columns that an independent program computed, to three places. */
class NeuronPerfRulesTest {

  record Recorded(String name, JsonObject json) {
    @Override
    public String toString() {
      return name;
    }
  }

  static List<Recorded> recorded() throws Exception {
    try (Reader in =
        new InputStreamReader(
            Objects.requireNonNull(
                NeuronPerfRulesTest.class.getResourceAsStream("recorded-timers.json")),
            StandardCharsets.UTF_8)) {
      List<Recorded> cases = new ArrayList<>();
      for (JsonElement one : new Gson().fromJson(in, JsonArray.class)) {
        cases.add(
            new Recorded(one.getAsJsonObject().get("name").getAsString(), one.getAsJsonObject()));
      }
      return cases;
    }
  }

  @ParameterizedTest
  @MethodSource("recorded")
  void sameTimersSameColumns(Recorded recorded) {
    int batchSize = recorded.json().get("batch_size").getAsInt();
    List<Timers> workers = new ArrayList<>();
    for (JsonElement calls : recorded.json().getAsJsonArray("timers")) {
      Timers timers = new Timers();
      for (JsonElement call : calls.getAsJsonArray()) {
        timers.add(
            call.getAsJsonArray().get(0).getAsLong(),
            call.getAsJsonArray().get(1).getAsLong(),
            batchSize);
      }
      workers.add(timers);
    }
    JsonObject expected = recorded.json().getAsJsonObject("expected");

    NeuronPerfRules rules = NeuronPerfRules.of(workers);
    double[] sorted = Timers.sortedMillis(workers);

    for (int percent : new int[] {0, 50, 90, 95, 99, 100}) {
      same("latency_ms_p" + percent, NeuronPerfRules.percentile(sorted, percent), expected);
    }
    same("e2e_avg_ms", rules.meanOfWorkerMeans(), expected);
    same("throughput_peak", rules.throughputPeak(), expected);
    same("throughput_avg", rules.throughputAverage(), expected);
    same(
        "cost_per_1m_inf",
        recorded.json().get("cost_per_hour").getAsDouble()
            * 1e6
            / (3600 * rules.throughputAverage()),
        expected);
    assertThat(rules.rows()).isEqualTo(expected.get("total_infs").getAsLong());
  }

  private static void same(String column, double actual, JsonObject expected) {
    if (expected.get(column).isJsonNull()) {
      assertThat(actual).as(column).isNaN();
    } else {
      assertThat(ThreePlaces.round(actual))
          .as(column)
          .isEqualTo(expected.get(column).getAsDouble());
    }
  }

  @Test
  void oursCountsTheStallThatTheRuleDrops() {
    Timers timers = new Timers();
    for (int second = 0; second < 4; second++) {
      timers.add(second * 1_000_000_000L, second * 1_000_000_000L + 500_000_000, 1);
    }
    // Nothing for six seconds, then one call.
    timers.add(4_000_000_000L, 10_500_000_000L, 1);

    CellResult result = MadeRun.result(new Cell(new Shape(1, 8), 1, 1), List.of(timers));

    assertThat(MadeRun.figures(result).throughput().neuronPerfAverage()).isEqualTo(1);
    assertThat(MadeRun.figures(result).throughput().withStalls()).isLessThan(0.5);
  }

  /** Two workers of 80 and 82 calls: what NeuronPerf prints, and the mean over the calls. */
  @Test
  void anAverageIsTheMeanOfTheWorkersMeans() {
    List<Timers> workers = new ArrayList<>();
    for (int worker = 0; worker < 2; worker++) {
      Timers timers = new Timers();
      long micros = worker == 0 ? 312_935 : 307_935;
      for (int call = 0; call < 80 + 2 * worker; call++) {
        timers.add(call * micros * 1000, (call + 1) * micros * 1000, 1);
      }
      workers.add(timers);
    }

    Figures figures = MadeRun.figures(MadeRun.result(new Cell(new Shape(1, 8), 1, 2), workers));

    assertThat(ThreePlaces.round(figures.latency().meanOfWorkerMeans())).isEqualTo(310.435);
    assertThat(ThreePlaces.round(figures.latency().meanOfCalls())).isEqualTo(310.404);
  }

  @Test
  void theStagesAveragesAreMeansOfTheWorkersMeansToo() {
    List<Measurement.Work> works = new ArrayList<>();
    for (int worker = 0; worker < 2; worker++) {
      Stages stages = new Stages();
      Timers timers = new Timers();
      for (int call = 0; call <= worker; call++) {
        stages.call(0);
        stages.tokenized(worker * 3_000_000L);
        stages.executed(8, 0, (worker + 1) * 1_000_000L, 0);
        timers.add(call, call + 1, 1);
      }
      works.add(new Measurement.Work(timers, stages));
    }

    Figures.StageTimes stages =
        MadeRun.figures(
                CellFigures.PLAIN.of(
                    new Cell(new Shape(1, 8), 1, 2),
                    new Measurement(
                        works,
                        new Stages(),
                        Figures.ProcessUse.UNKNOWN,
                        Double.NaN,
                        List.of(),
                        false),
                    Quality.skipped("no matter"),
                    0))
            .stages();

    // One worker made one call, the other two that took twice as long.
    assertThat(stages.workerMeanInfer()).isEqualTo(1.5);
    assertThat(stages.execution()).isEqualTo(5 / 3.0);
    assertThat(stages.workerMeanTokenize()).isEqualTo(1.5);
    assertThat(stages.tokenize()).isEqualTo(2);
  }

  @Test
  void tooFewCallsSupportNoPercentile() {
    assertThat(Latency.isSupported(99, 661)).isFalse();
    assertThat(Latency.isSupported(99, 662)).isTrue();
    assertThat(Latency.isSupported(90, 63)).isFalse();
    assertThat(Latency.isSupported(50, 1)).isTrue();
  }
}
