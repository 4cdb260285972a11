package io.github.neuronembed.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.neuronembed.engine.queue.Request.Outcome;
import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * A million requests through schedulers without a thread: random lengths, groups, lanes, deadlines
 * and withdrawals, executions that fail in every way, cores that die. What is wrong is thrown at
 * the step that breaks a rule; the seed brings it back.
 */
class SchedulerSimulationTest {

  private static final long REQUESTS = 1_000_000;
  private static final long OF_A_LIFE = 20_000;

  @Test
  void everyRuleHoldsAfterEveryStep() {
    long offered = 0;
    Map<Outcome, Long> endings = new EnumMap<>(Outcome.class);
    for (long seed = 0; offered < REQUESTS; seed++) {
      SimulatedEngine engine = new SimulatedEngine(seed);
      try {
        offered += engine.live(OF_A_LIFE);
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("Seed " + seed, e);
      }
      for (Outcome outcome : Outcome.values()) {
        endings.merge(outcome, engine.ended(outcome), Long::sum);
      }
    }
    assertThat(endings.get(Outcome.COMPLETED)).isGreaterThan(REQUESTS / 4);
    assertThat(endings.values()).allMatch(count -> count > REQUESTS / 200);
  }
}
