package io.github.neuronembed.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

class TokenVectorsTest {

  private final ByteBuffer data =
      ByteBuffer.allocateDirect(2 * 3 * 2 * 4).order(ByteOrder.nativeOrder());

  @Test
  void readsAVectorOfAToken() {
    for (int i = 0; i < 12; i++) {
      data.putFloat(i * 4, i);
    }
    TokenVectors vectors = new TokenVectors(data, ElementType.FLOAT32, 2, false, 3);
    float[] destination = new float[4];

    vectors.copy(1, 2, destination, 1);

    assertThat(destination).containsExactly(0, 10, 11, 0);
  }

  @Test
  void readsAVectorOfARow() {
    data.putFloat(8, 4.5f).putFloat(12, -1f);
    TokenVectors vectors = new TokenVectors(data, ElementType.FLOAT32, 2, true, 3);
    float[] destination = new float[2];

    vectors.copy(1, 0, destination, 0);

    assertThat(destination).containsExactly(4.5f, -1f);
  }

  @Test
  void widensBfloat16() {
    data.putShort(0, (short) 0x3F80).putShort(2, (short) 0xBF00);
    TokenVectors vectors = new TokenVectors(data, ElementType.BFLOAT16, 2, true, 3);
    float[] destination = new float[2];

    vectors.copy(0, 0, destination, 0);

    assertThat(destination).containsExactly(1f, -0.5f);
  }

  @Test
  void refusesATokenThatIsNotThere() {
    TokenVectors vectors = new TokenVectors(data, ElementType.FLOAT32, 2, false, 2);

    assertThatExceptionOfType(IndexOutOfBoundsException.class)
        .isThrownBy(() -> vectors.copy(0, 2, new float[2], 0));
    assertThatExceptionOfType(IndexOutOfBoundsException.class)
        .isThrownBy(() -> vectors.copy(9, 0, new float[2], 0));
  }

  @Test
  void refusesIntegers() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new TokenVectors(data, ElementType.INT32, 2, false, 2));
  }
}
