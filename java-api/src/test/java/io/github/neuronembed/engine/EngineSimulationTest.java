package io.github.neuronembed.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.neuronembed.backend.Shape;
import java.util.List;
import org.junit.jupiter.api.Test;

class EngineSimulationTest {

  private static final Shape PLAIN = new Shape(4, 8);
  private static final Shape PACKED = new Shape(1, 32, 8);

  @Test
  void fullBatchesAtTheDevicesRate() {
    EngineSimulation.Outcome outcome =
        new EngineSimulation(List.of(PLAIN), shape -> 1_000_000, 2).offline(() -> 6, 8_000);
    assertThat(outcome.textsPerSecond()).isCloseTo(8_000, within(20.0));
    assertThat(outcome.textsPerExecution()).isEqualTo(4);
    assertThat(outcome.tokenFill()).isCloseTo(0.75, within(1e-9));
    assertThat(outcome.busy()).isGreaterThan(0.99);
  }

  @Test
  void aPackedRowIsFilled() {
    int[] at = {0};
    EngineSimulation.Outcome outcome =
        new EngineSimulation(List.of(PACKED), shape -> 1_000_000, 1)
            .offline(() -> at[0]++ % 2 == 0 ? 20 : 12, 8_000);
    assertThat(outcome.tokenFill()).isGreaterThan(0.99);
    assertThat(outcome.textsPerExecution()).isGreaterThan(1.9);
  }

  @Test
  void whoComesRarelyWaitsForNobody() {
    EngineSimulation simulation = new EngineSimulation(List.of(PLAIN), shape -> 1_000_000, 1);
    EngineSimulation.Outcome rare = simulation.atRate(() -> 6, 2_000, 10, 1);
    assertThat(rare.p50Nanos()).isBetween(1_000_000L, 1_010_000L);
    assertThat(rare.textsPerExecution()).isLessThan(1.1);
    EngineSimulation.Outcome often = simulation.atRate(() -> 6, 2_000, 3_500, 1);
    assertThat(often.p99Nanos()).isGreaterThan(2_000_000);
    assertThat(often).isEqualTo(simulation.atRate(() -> 6, 2_000, 3_500, 1));
  }

  @Test
  void refusesWhatIsNoDevice() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new EngineSimulation(List.of(), shape -> 1, 1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new EngineSimulation(List.of(PLAIN), shape -> 0, 1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new EngineSimulation(List.of(PLAIN), shape -> 1, 1).offline(() -> 9, 1))
        .withMessageContaining("9 tokens");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> new EngineSimulation(List.of(PLAIN), shape -> 1, 1).atRate(() -> 1, 1, 0, 1));
  }
}
