package io.github.neuronembed.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ShapeTest {

  @Test
  void lengthComesBeforeBatch() {
    assertThat(Stream.of(new Shape(1, 32), new Shape(4, 8), new Shape(2, 8)).sorted())
        .containsExactly(new Shape(2, 8), new Shape(4, 8), new Shape(1, 32));
  }

  @Test
  void moreTokensThanAnIntAreRefused() {
    assertThat(new Shape(65_535, 32_768).tokens()).isEqualTo(2_147_450_880);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Shape(65_536, 32_768))
        .withMessageContainingAll("65536", "32768");
  }
}
