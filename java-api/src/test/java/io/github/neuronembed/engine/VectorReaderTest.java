package io.github.neuronembed.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.neuronembed.backend.ElementType;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.TokenBatch;
import io.github.neuronembed.backend.TokenVectors;
import io.github.neuronembed.model.Pooling;
import io.github.neuronembed.model.PoolingStrategy;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VectorReaderTest {

  /** The vectors (1, 10), (5, -2) and (3, 4), and one of padding. */
  @Test
  void poolsAsSentenceTransformersDoes() {
    ByteBuffer ids = ByteBuffer.allocateDirect(4 * Integer.BYTES);
    TokenBatch tokens =
        new TokenBatch(new Shape(1, 4), true, ElementType.INT32, 0, ids, null, null);
    tokens.begin(1, 3);
    tokens.row(new int[] {1, 2, 3});
    tokens.finish();
    ByteBuffer data = ByteBuffer.allocateDirect(8 * Float.BYTES).order(ByteOrder.nativeOrder());
    data.asFloatBuffer().put(new float[] {1, 10, 5, -2, 3, 4, 99, 99});
    TokenVectors output = new TokenVectors(data, ElementType.FLOAT32, 2, false, 4);

    assertThat(
            new VectorReader(Pooling.of(PoolingStrategy.values()), false).read(tokens, output, 0))
        .containsExactly(
            new float[] {
              1, 10, 5, 10, 3, 4, 9 / 1.7320508f, 12 / 1.7320508f, 20 / 6f, 18 / 6f, 3, 4
            },
            within(1e-6f));
    assertThat(
            new VectorReader(Pooling.of(PoolingStrategy.LAST_TOKEN, PoolingStrategy.CLS), true)
                .read(tokens, output, 0))
        .containsExactly(
            new float[] {3 / 11.224972f, 4 / 11.224972f, 1 / 11.224972f, 10 / 11.224972f},
            within(1e-6f));
  }

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
