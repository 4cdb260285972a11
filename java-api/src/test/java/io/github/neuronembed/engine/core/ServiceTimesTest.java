package io.github.neuronembed.engine.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.neuronembed.backend.Shape;
import java.util.List;
import org.junit.jupiter.api.Test;

class ServiceTimesTest {

  private static final Shape SHAPE = new Shape(1, 16, 4);
  private static final Shape OTHER = new Shape(1, 64, 8);

  private final ServiceTimes times = new ServiceTimes(List.of(SHAPE, OTHER));

  private void learn(Shape shape, int executions, long nanos) {
    for (int i = 0; i < executions; i++) {
      times.learn(shape, nanos);
    }
  }

  @Test
  void knowsNothingOfAShapeThatWasNeverSeen() {
    learn(OTHER, 1, 100);
    assertThat(times.nanos(SHAPE)).isZero();
    assertThat(times.nanosToChooseBy(SHAPE)).isZero();
  }

  @Test
  void whatIsDoneForTheFirstTimeTakesLonger() {
    learn(SHAPE, 1, 20_000);
    assertThat(times.nanos(SHAPE)).isEqualTo(20_000);
    learn(SHAPE, 1, 100);
    assertThat(times.nanos(SHAPE)).isEqualTo(100);
  }

  @Test
  void aPauseOfTheHostChangesNothing() {
    learn(SHAPE, 7, 100);
    // The pause, and the execution whose beginning was noticed late.
    learn(SHAPE, 1, 50_000);
    learn(SHAPE, 1, 3);
    assertThat(times.nanos(SHAPE)).isEqualTo(100);
    assertThat(times.nanosToChooseBy(SHAPE)).isEqualTo(100);
  }

  @Test
  void followsACoreThatBecomesSlowerOrFaster() {
    learn(SHAPE, 7, 100);
    learn(SHAPE, 4, 300);
    assertThat(times.nanos(SHAPE)).isEqualTo(300);
    learn(SHAPE, 4, 50);
    assertThat(times.nanos(SHAPE)).isEqualTo(50);
  }

  @Test
  void aShapeThatLooksSlowCountsForLessTheLongerItWasNotExecuted() {
    learn(SHAPE, 1, 20_000);
    learn(OTHER, 512, 100);
    assertThat(times.nanosToChooseBy(SHAPE)).isEqualTo(10_000);
    learn(OTHER, 512, 100);
    assertThat(times.nanosToChooseBy(SHAPE)).isEqualTo(20_000 / 3.0);
    assertThat(times.nanos(SHAPE)).isEqualTo(20_000);
    assertThat(times.nanosToChooseBy(OTHER)).isEqualTo(100);
  }

  @Test
  void aShapeThatOnceWasFasterIsTriedAgainForThatAlone() {
    learn(SHAPE, 7, 90);
    learn(SHAPE, 7, 200);
    learn(OTHER, 100_000, 100);
    assertThat(times.nanosToChooseBy(SHAPE)).isEqualTo(90);
  }

  @Test
  void aShapeThatIsKnownIsNotTriedAgain() {
    learn(SHAPE, 7, 200);
    learn(OTHER, 100_000, 100);
    assertThat(times.nanosToChooseBy(SHAPE)).isEqualTo(200);
  }

  @Test
  void fewObservationsThatAgreeAreDoubtedByHalf() {
    learn(SHAPE, 1, 210);
    learn(SHAPE, 1, 200);
    learn(OTHER, 100_000, 100);
    assertThat(times.nanosToChooseBy(SHAPE)).isEqualTo(100);
  }

  @Test
  void observationsThatDoNotAgreeAreNotBelieved() {
    learn(SHAPE, 1, 20_000);
    learn(SHAPE, 1, 2_000);
    learn(OTHER, 512 * 99, 100);
    assertThat(times.nanosToChooseBy(SHAPE)).isEqualTo(20);
  }
}
