package io.github.neuronembed.engine;

import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class EngineOptionsTest {

  static Stream<Arguments> wrongOptions() {
    return Stream.of(
        wrong("slotsPerReplica", "0", options -> options.slotsPerReplica(0)),
        wrong("maxQueuedRequests", "-1", options -> options.maxQueuedRequests(-1)),
        wrong("maxQueuedTokens", "0", options -> options.maxQueuedTokens(0)),
        wrong("batchWait", "PT-1S", options -> options.batchWait(Duration.ofSeconds(-1))),
        wrong("closeTimeout", "PT-1S", options -> options.closeTimeout(Duration.ofSeconds(-1))),
        wrong("bulk share", "1.0", options -> options.bulkShare(1)),
        wrong("bulk share", "NaN", options -> options.bulkShare(Double.NaN)));
  }

  private static Arguments wrong(
      String option, String value, Consumer<EngineOptions.Builder> change) {
    return Arguments.of(option, value, change);
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("wrongOptions")
  void whatMakesNoSenseIsNamed(
      String option, String value, Consumer<EngineOptions.Builder> change) {
    EngineOptions.Builder options = EngineOptions.builder();
    change.accept(options);

    assertThatIllegalArgumentException()
        .isThrownBy(options::build)
        .withMessageContainingAll(option, value);
  }
}
