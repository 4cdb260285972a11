package io.github.neuronembed.cli.bench.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.cli.UsageException;
import io.github.neuronembed.cli.bench.figures.Timers;
import io.github.neuronembed.cli.bench.report.MadeRun;
import io.github.neuronembed.cli.bench.report.TableReport;
import io.github.neuronembed.cli.bench.result.Cell;
import io.github.neuronembed.cli.bench.result.CellResult;
import io.github.neuronembed.cli.bench.result.Price;
import io.github.neuronembed.cli.bench.result.Published;
import io.github.neuronembed.cli.bench.result.Quality;
import io.github.neuronembed.cli.bench.result.Run;
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
    Published row = Objects.requireNonNull(preset.of(SINGLE));
    assertThat(row.throughput()).isEqualTo(966.409);
    assertThat(row.latencyMillisP50()).isEqualTo(1.953);
    assertThat(row.latencyMillisP99()).isEqualTo(2.036);
    assertThat(row.costPerMillion()).isEqualTo(0.218);
  }

  @Test
  void theBuiltInPriceGivesThePublishedCosts() {
    double perHour = Objects.requireNonNull(Price.of("inf2.xlarge", null, TODAY)).dollarsPerHour();

    for (Published row : Preset.named("inf2-bge-base").published().values()) {
      assertThat(perHour * 1e6 / (3600 * row.throughput()))
          .isCloseTo(row.costPerMillion(), within(0.004));
    }
  }

  @Test
  void encoderRowsCostWhatTheReservedPriceMakesOfThem() {
    Published row =
        Objects.requireNonNull(Preset.named("inf2-encoders").of(new Cell(new Shape(1, 128), 2, 1)));

    assertThat(row.throughput()).isEqualTo(1998);
    assertThat(row.costPerMillion()).isCloseTo(0.0456, within(0.0001));
  }

  @Test
  void aGivenPriceWinsAndAnUnknownMachineHasNone() {
    assertThat(Objects.requireNonNull(Price.of("inf2.xlarge", 0.5, TODAY)).dollarsPerHour())
        .isEqualTo(0.5);
    assertThat(Objects.requireNonNull(Price.of("inf2.48xlarge", null, TODAY)))
        .isEqualTo(
            new Price(
                12.98127,
                "inf2.48xlarge on demand in us-east-1, as noted 2026-07-20; prices change"));
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
    Preset preset = Preset.named("inf2-bge-base");
    Cell failing = new Cell(new Shape(32, 256), 2, 1);
    Run run =
        MadeRun.run(
            true,
            preset,
            MadeRun.result(SINGLE, List.of(timers), Double.NaN, preset),
            CellResult.failed(
                failing, "no core", List.of(), Quality.skipped("failed"), preset.of(failing)));

    assertThat(run.cells().get(0).ratioToPublished()).isCloseTo(1000 / 966.409, within(1e-9));
    StringBuilder table = new StringBuilder();
    TableReport.write(run, table);
    assertThat(table.toString().lines().skip(3).limit(2)).allMatch(l -> l.contains("emulated"));
    assertThat(table.toString()).contains("966.4  1.035", "1,001", "no core", "as noted");
  }
}
