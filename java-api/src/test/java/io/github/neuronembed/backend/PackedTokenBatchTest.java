package io.github.neuronembed.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PackedTokenBatchTest {

  private static final int PAD = 9;
  private static final Shape SHAPE = new Shape(2, 8, 3);

  private final ByteBuffer ids = buffer(16);
  private final ByteBuffer starts = buffer(8);
  private final TokenBatch batch = new TokenBatch(SHAPE, ElementType.INT32, PAD, ids, starts);

  @BeforeEach
  void theBuffersHaveHeldSomething() {
    for (ByteBuffer buffer : new ByteBuffer[] {ids, starts}) {
      for (int i = 0; i < buffer.capacity(); i++) {
        buffer.put(i, (byte) 0x55);
      }
    }
  }

  @Test
  void textsLieEndToEndWhereTheyFitFirst() {
    write(new int[] {1, 1, 1, 1, 1}, new int[] {2, 2, 2, 2}, new int[] {3, 3});

    assertThat(values(ids))
        .containsExactly(1, 1, 1, 1, 1, 3, 3, PAD, 2, 2, 2, 2, PAD, PAD, PAD, PAD);
    assertThat(values(starts)).containsExactly(0, 5, 7, 8, 0, 4, 8, 8);
    assertThat(batch.rows()).isEqualTo(3);
    assertThat(batch.batchSize()).isEqualTo(2);
    assertThat(batch.sequenceLength()).isEqualTo(8);
    assertThat(batch.length(2)).isEqualTo(2);
  }

  @Test
  void aFullRowEndsAtItsLength() {
    write(new int[] {1, 1, 1, 1, 1, 1}, new int[] {2}, new int[] {3}, new int[8]);

    assertThat(values(starts)).containsExactly(0, 6, 7, 8, 0, 8, 8, 8);
    assertThat(values(ids)).containsExactly(1, 1, 1, 1, 1, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0);
  }

  @Test
  void aRowWithoutTextsHasOneOfOnePaddingToken() {
    write(new int[] {1, 1, 1, 1, 1, 1, 1, 1});
    write(new int[] {4});

    assertThat(values(starts)).containsExactly(0, 1, 8, 8, 0, 1, 8, 8);
    assertThat(values(ids)).startsWith(4).containsOnly(4, PAD);
  }

  @Test
  void refusesWhatDoesNotFit() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> batch.begin(7, 1))
        .withMessageContaining("2×8p3");
    batch.begin(3, 8);
    batch.row(new int[5]);
    batch.row(new int[5]);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> batch.row(new int[4]))
        .withMessageContainingAll("2×8p3", "4 tokens");
    assertThatIllegalStateException().isThrownBy(batch::finish);
    batch.row(new int[3]);
    batch.finish();
    assertThat(batch.isFinished()).isTrue();
  }

  @Test
  void refusesTheOtherKindOfShape() {
    Shape plain = new Shape(2, 8);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new TokenBatch(plain, ElementType.INT32, PAD, ids, starts));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new TokenBatch(SHAPE, true, ElementType.INT32, PAD, ids, null, null));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new TokenBatch(SHAPE, ElementType.INT32, PAD, ids, buffer(7)))
        .withMessageContaining("32 bytes");
  }

  @Test
  void aTextsVectorIsThatOfItsPlace() {
    ByteBuffer data = buffer(6);
    for (int i = 0; i < 6; i++) {
      data.putFloat(i * 4, i);
    }
    TokenVectors vectors = new TokenVectors(data, ElementType.FLOAT32, 1, batch);
    write(new int[5], new int[4], new int[3], new int[4]);

    float[] read = new float[4];
    for (int text = 0; text < 4; text++) {
      vectors.copy(text, 0, read, text);
    }

    assertThat(vectors.isPooled()).isTrue();
    assertThat(read).containsExactly(0, 3, 1, 4);
  }

  private void write(int[]... texts) {
    batch.begin(texts.length, SHAPE.sequenceLength());
    for (int[] text : texts) {
      batch.row(text);
    }
    batch.finish();
  }

  private static ByteBuffer buffer(int elements) {
    return ByteBuffer.allocateDirect(elements * 4).order(ByteOrder.nativeOrder());
  }

  private static int[] values(ByteBuffer buffer) {
    int[] values = new int[buffer.capacity() / 4];
    buffer.asIntBuffer().get(values);
    return values;
  }
}
