package io.github.neuronembed.advice;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.neuronembed.backend.Shape;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

class ModelledTimesTest {

  /** The published times of bge-base-en-v1.5 on one of two cores, see the benchmark page. */
  @Test
  void meetsThePublishedTimes() {
    close(new Shape(1, 256), 1_742);
    close(new Shape(1, 512), 4_736);
    close(new Shape(4, 128), 2_839);
  }

  @Test
  void packingCostsMoreAndRowsCostLessThanExecutions() {
    ModelledTimes times = new ModelledTimes();
    assertThat(times.nanos(new Shape(1, 512, 64))).isGreaterThan(times.nanos(new Shape(1, 512)));
    assertThat(times.nanos(new Shape(8, 64))).isLessThan(8 * times.nanos(new Shape(1, 64)));
    close(new Shape(1, 512, 64), 5_000);
    close(new Shape(8, 64, 8), 2_633);
  }

  private static void close(Shape shape, long micros) {
    assertThat(new ModelledTimes().nanos(shape) / 1_000)
        .isCloseTo(micros, Percentage.withPercentage(1));
  }
}
