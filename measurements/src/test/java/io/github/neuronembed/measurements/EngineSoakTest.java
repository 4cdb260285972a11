package io.github.neuronembed.measurements;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class EngineSoakTest {

  private static final double SECONDS = 60;

  @Test
  void everyRequestEndsOnceWithItsOwnVectorOrATypedException() throws InterruptedException {
    EngineSoak.Outcome outcome = EngineSoak.run(SECONDS);

    assertThat(outcome.wrong()).as(outcome.summary()).isEmpty();
  }
}
