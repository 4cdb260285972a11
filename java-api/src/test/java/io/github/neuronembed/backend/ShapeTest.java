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

  @Test
  void aPackedShapeComesBehindThePlainOne() {
    assertThat(Stream.of(new Shape(1, 8, 4), new Shape(1, 8, 2), new Shape(1, 8)).sorted())
        .containsExactly(new Shape(1, 8), new Shape(1, 8, 2), new Shape(1, 8, 4));
    assertThat(new Shape(2, 8, 4).texts()).isEqualTo(8);
    assertThat(new Shape(2, 8, 4).isPacked()).isTrue();
    assertThat(new Shape(2, 8).texts()).isEqualTo(2);
    assertThat(new Shape(2, 8).isPacked()).isFalse();
  }

  @Test
  void aRowHasNoMoreTextsThanTokens() {
    assertThat(new Shape(1, 8, 8).texts()).isEqualTo(8);
    assertThatIllegalArgumentException().isThrownBy(() -> new Shape(1, 8, 9));
    assertThatIllegalArgumentException().isThrownBy(() -> new Shape(1, 8, 0));
  }

  @Test
  void isReadAsItIsWritten() {
    for (Shape shape : new Shape[] {new Shape(32, 256), new Shape(1, 512, 64)}) {
      assertThat(Shape.parse(shape.toString())).isEqualTo(shape);
      assertThat(Shape.parse(shape.argument())).isEqualTo(shape);
    }
    for (String wrong : new String[] {"", "1", "1x", "0x8", "1x8p", "1x8p0", "1x8p1", "1x8p9"}) {
      assertThatIllegalArgumentException().isThrownBy(() -> Shape.parse(wrong));
    }
  }
}
