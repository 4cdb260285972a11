package io.github.neuronembed.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.cli.UsageException;
import java.time.LocalDate;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class PresetTest {

  private static final LocalDate TODAY = LocalDate.of(2026, 11, 24);
  private static final Cell SINGLE = new Cell(new Shape(1, 256), 2, 1);

  @Test
  void thePublishedMatrixHasItsTwentyRows() {
    Preset preset = Preset.named("inf2-bge-base");

    assertThat(preset.cells()).hasSize(20).doesNotHaveDuplicates();
    Preset.Published row = Objects.requireNonNull(preset.of(SINGLE));
    assertThat(row.throughput()).isEqualTo(966.409);
    assertThat(row.latencyMillisP50()).isEqualTo(1.953);
    assertThat(row.latencyMillisP99()).isEqualTo(2.036);
    assertThat(row.costPerMillion()).isEqualTo(0.218);
  }

  @Test
  void theBuiltInPriceGivesThePublishedCosts() {
    double perHour = Objects.requireNonNull(Price.of("inf2.xlarge", null, TODAY)).dollarsPerHour();

    for (Preset.Published row : Preset.named("inf2-bge-base").published().values()) {
      assertThat(perHour * 1e6 / (3600 * row.throughput()))
          .isCloseTo(row.costPerMillion(), within(0.004));
    }
  }

  @Test
  void encoderRowsCostWhatTheReservedPriceMakesOfThem() {
    Preset.Published row =
        Objects.requireNonNull(Preset.named("inf2-encoders").of(new Cell(new Shape(1, 128), 2, 1)));

    assertThat(row.throughput()).isEqualTo(1998);
    assertThat(row.costPerMillion()).isCloseTo(0.0456, within(0.0001));
  }

  @Test
  void aGivenPriceWinsAndAnUnknownMachineHasNone() {
    assertThat(Objects.requireNonNull(Price.of("inf2.xlarge", 0.5, TODAY)).dollarsPerHour())
        .isEqualTo(0.5);
    assertThat(Price.of("of.no.name", null, TODAY)).isNull();
    assertThat(Price.of(null, null, TODAY)).isNull();
  }

  @Test
  void anUnknownPresetIsWrongUsage() {
    assertThatThrownBy(() -> Preset.named("inf3"))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("inf2-bge-base|inf2-encoders");
  }

  @Test
  void eachRowStandsBesideThePublishedOneAndSaysEmulated() throws Exception {
    Timers timers = new Timers();
    for (int call = 0; call < 4000; call++) {
      timers.add(call * 1_000_000L, (call + 1) * 1_000_000L, 1);
    }
    BenchRun run =
        MadeRun.run(
            true,
            Preset.named("inf2-bge-base"),
            MadeRun.result(SINGLE, List.of(timers)),
            CellResult.failed(new Cell(new Shape(32, 256), 2, 1), "no core"));

    assertThat(run.ratioToPublished(run.results().get(0))).isCloseTo(1000 / 966.409, within(1e-9));
    StringBuilder table = new StringBuilder();
    TableReport.write(run, table);
    assertThat(table.toString().lines().skip(3).limit(2)).allMatch(l -> l.contains("emulated"));
    assertThat(table.toString()).contains("966.409  1.035", "1001.071", "no core", "as noted");
  }
}
