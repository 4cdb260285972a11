package io.github.neuronembed.vectors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class Float16Test {

  @Test
  void everyFiniteOneComesBack() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      float value = Float16.toFloat((short) bits);
      if (Float.isFinite(value)) {
        assertThat(Float16.of(value)).as("%x", bits).isEqualTo((short) bits);
      }
    }
  }

  @Test
  void whatIsBetweenTwoGoesToTheNearerAndATieToTheEvenOne() {
    for (int bits = 0; bits < 0x7BFF; bits++) {
      float low = Float16.toFloat((short) bits);
      float high = Float16.toFloat((short) (bits + 1));
      float middle = (low + high) / 2;
      int even = (bits & 1) == 0 ? bits : bits + 1;
      assertThat(Float16.of(middle)).as("%x", bits).isEqualTo((short) even);
      assertThat(Float16.of(Math.nextDown(middle))).as("%x", bits).isEqualTo((short) bits);
      assertThat(Float16.of(-Math.nextUp(middle)))
          .as("%x", bits)
          .isEqualTo((short) (0x8000 | (bits + 1)));
    }
  }

  @Test
  void whatIsTooLargeIsRefused() {
    assertThat(Float16.toFloat(Float16.of(65519))).isEqualTo(65504);
    for (float value : new float[] {65520, -1e9f, Float.NaN, Float.NEGATIVE_INFINITY}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Float16.of(value))
          .withMessageContaining("maximum of float16 is 65504");
    }
  }

  @Test
  void keepsWhatIsInfiniteOrNoNumber() {
    assertThat(Float16.toFloat((short) 0x7C00)).isEqualTo(Float.POSITIVE_INFINITY);
    assertThat(Float16.toFloat((short) 0xFC00)).isEqualTo(Float.NEGATIVE_INFINITY);
    assertThat(Float16.toFloat((short) 0x7E00)).isNaN();
  }
}
