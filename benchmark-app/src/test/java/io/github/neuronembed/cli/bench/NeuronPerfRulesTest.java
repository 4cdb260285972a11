package io.github.neuronembed.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.neuronembed.backend.Shape;
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

    for (int i = 0; i < NeuronPerfRules.PERCENTILES.length; i++) {
      String column = "latency_ms_p" + NeuronPerfRules.PERCENTILES[i];
      same(column, rules.latencyMillis()[i], expected);
    }
    same("e2e_avg_ms", rules.latencyMillisAverage(), expected);
    same("throughput_peak", rules.throughputPeak(), expected);
    same("throughput_avg", rules.throughputAverage(), expected);
    same(
        "cost_per_1m_inf",
        rules.costPerMillion(recorded.json().get("cost_per_hour").getAsDouble()),
        expected);
    assertThat(rules.rows()).isEqualTo(expected.get("total_infs").getAsInt());
  }

  private static void same(String column, double actual, JsonObject expected) {
    if (expected.get(column).isJsonNull()) {
      assertThat(actual).as(column).isNaN();
    } else {
      assertThat(NeuronPerfRules.round(actual))
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

    assertThat(Objects.requireNonNull(result.rules()).throughputAverage()).isEqualTo(1);
    assertThat(result.rowsPerSecond()).isLessThan(0.5);
  }

  @Test
  void tooFewCallsSupportNoPercentile() {
    assertThat(CellResult.isSupported(99, 661)).isFalse();
    assertThat(CellResult.isSupported(99, 662)).isTrue();
    assertThat(CellResult.isSupported(90, 63)).isFalse();
    assertThat(CellResult.isSupported(50, 1)).isTrue();
  }
}
