package io.github.neuronembed.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import org.junit.jupiter.api.Test;

class ExecutorCoresTest {

  @Test
  void sortsTheCoresOfAnExecutor() {
    assertThat(ExecutorCores.visible(new String[] {"10", "09", "11"}, true)).isEqualTo("09,10,11");
    assertThat(ExecutorCores.visible(new String[] {"06-11", "00-05"}, true))
        .isEqualTo("00-05,06-11");
    assertThat(ExecutorCores.visible(new String[0], true)).isEmpty();
  }

  @Test
  void refusesWhatIsNoCore() {
    assertThatIllegalStateException()
        .isThrownBy(() -> ExecutorCores.visible(new String[] {"GPU-1f"}, true))
        .withMessageContaining("discoveryScript");
  }

  @Test
  void anExecutorWithoutThePluginIsRefusedItsCores() {
    assertThat(ExecutorCores.visible(null, false)).isEmpty();
    assertThatIllegalStateException()
        .isThrownBy(() -> ExecutorCores.visible(null, true))
        .withMessageContaining("spark.plugins=" + NeuronCorePlugin.class.getName());
  }
}
