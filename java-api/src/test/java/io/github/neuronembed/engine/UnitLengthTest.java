package io.github.neuronembed.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.neuronembed.Vectors;
import io.github.neuronembed.backend.ElementType;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.TokenBatch;
import io.github.neuronembed.backend.TokenVectors;
import io.github.neuronembed.model.PoolingStrategy;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Lucene's float vectors score above 1 when a norm is above 1: that of bfloat16 numbers is. */
class UnitLengthTest {

  private static final int HIDDEN = 384;

  @Test
  void aVectorThatTheGraphNormalisedInBfloat16HasLengthOne() {
    ByteBuffer ids = ByteBuffer.allocateDirect(2 * Integer.BYTES);
    TokenBatch tokens =
        new TokenBatch(new Shape(1, 2), true, ElementType.INT32, 0, ids, null, null);
    tokens.begin(1, 2);
    tokens.row(new int[] {1, 2});
    tokens.finish();
    VectorReader reader = new VectorReader(PoolingStrategy.CLS, true);
    double worst = 0;
    for (int seed = 0; seed < 50; seed++) {
      float[] rounded = bfloat16(seed);
      ByteBuffer data =
          ByteBuffer.allocateDirect(HIDDEN * Short.BYTES).order(ByteOrder.nativeOrder());
      for (float x : rounded) {
        data.putShort((short) (Float.floatToRawIntBits(x) >>> 16));
      }
      TokenVectors output = new TokenVectors(data, ElementType.BFLOAT16, HIDDEN, true, 2);

      float[] vector = reader.read(tokens, output, 0);

      worst = Math.max(worst, Math.abs(Vectors.norm(rounded) - 1));
      assertThat(Vectors.norm(vector)).isCloseTo(1, within(1e-6));
      assertThat(Vectors.cosine(vector, rounded)).isGreaterThan(0.999999);
    }
    assertThat(worst).isGreaterThan(1e-5);
  }

  /** A vector of length 1 whose elements are rounded to the nearest bfloat16. */
  private static float[] bfloat16(int seed) {
    Random random = new Random(seed);
    double[] exact = random.doubles(HIDDEN, -1, 1).toArray();
    double squares = 0;
    for (double x : exact) {
      squares += x * x;
    }
    float[] rounded = new float[HIDDEN];
    for (int i = 0; i < HIDDEN; i++) {
      int bits = Float.floatToRawIntBits((float) (exact[i] / Math.sqrt(squares)));
      rounded[i] = Float.intBitsToFloat((bits + 0x7FFF + ((bits >>> 16) & 1)) & 0xFFFF0000);
    }
    return rounded;
  }
}
