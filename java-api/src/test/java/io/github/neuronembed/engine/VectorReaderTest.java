package io.github.neuronembed.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.neuronembed.backend.ElementType;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.TokenBatch;
import io.github.neuronembed.backend.TokenVectors;
import io.github.neuronembed.model.PoolingStrategy;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VectorReaderTest {

  /** A row of two tokens with the vectors (3, 4) and (9, 12); pooled, (3, 4) alone. */
  @ParameterizedTest
  @CsvSource({
    "CLS, false, false, 3, 4",
    "CLS, false, true, 0.6, 0.8",
    "MEAN, false, false, 6, 8",
    "MEAN, false, true, 0.6, 0.8",
    "CLS, true, false, 3, 4",
    "CLS, true, true, 0.6, 0.8",
    "MEAN, true, true, 0.6, 0.8"
  })
  void scalesWhetherTheGraphPooledOrNot(
      PoolingStrategy pooling, boolean pooled, boolean normalize, float x, float y) {
    ByteBuffer ids = ByteBuffer.allocateDirect(2 * Integer.BYTES);
    TokenBatch tokens =
        new TokenBatch(new Shape(1, 2), true, ElementType.INT32, 0, ids, null, null);
    tokens.begin(1, 2);
    tokens.row(new int[] {1, 2});
    tokens.finish();
    ByteBuffer data = ByteBuffer.allocateDirect(4 * Float.BYTES).order(ByteOrder.nativeOrder());
    data.asFloatBuffer().put(new float[] {3, 4, 9, 12});
    TokenVectors output = new TokenVectors(data, ElementType.FLOAT32, 2, pooled, 2);

    assertThat(new VectorReader(pooling, normalize).read(tokens, output, 0))
        .containsExactly(new float[] {x, y}, within(1e-6f));
  }
}
