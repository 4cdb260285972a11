package io.github.neuronembed.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TokenBatchTest {

  private static final int PAD = 9;
  private static final Shape SHAPE = new Shape(3, 4);

  private final ByteBuffer ids = buffer();
  private final ByteBuffer mask = buffer();
  private final ByteBuffer types = buffer();

  @ParameterizedTest
  @EnumSource(names = {"INT32", "INT64"})
  void aFixedShapeIsWrittenWhole(ElementType type) {
    TokenBatch batch = batch(true, type);
    dirty();

    batch.begin(2, 3);
    batch.row(new int[] {1, 2, 3});
    batch.row(new int[] {4});
    batch.finish();

    assertThat(values(ids, type, 12))
        .containsExactly(1, 2, 3, PAD, 4, PAD, PAD, PAD, PAD, PAD, PAD, PAD);
    assertThat(values(mask, type, 12)).containsExactly(1, 1, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0);
    assertThat(values(types, type, 12)).containsOnly(0);
    assertThat(batch.batchSize()).isEqualTo(3);
    assertThat(batch.sequenceLength()).isEqualTo(4);
    assertThat(batch.rows()).isEqualTo(2);
    assertThat(batch.length(0)).isEqualTo(3);
    assertThat(batch.length(1)).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource(names = {"INT32", "INT64"})
  void aBoundTakesWhatTheRowsNeed(ElementType type) {
    TokenBatch batch = batch(false, type);
    dirty();

    batch.begin(2, 3);
    batch.row(new int[] {1, 2, 3});
    batch.row(new int[] {4});
    batch.finish();

    assertThat(values(ids, type, 6)).containsExactly(1, 2, 3, 4, PAD, PAD);
    assertThat(values(mask, type, 6)).containsExactly(1, 1, 1, 1, 0, 0);
    assertThat(values(types, type, 6)).containsOnly(0);
    assertThat(batch.batchSize()).isEqualTo(2);
    assertThat(batch.sequenceLength()).isEqualTo(3);
  }

  @ParameterizedTest
  @EnumSource(names = {"INT32", "INT64"})
  void thePartBehindTheFirstTextOfAPairIsOfTypeOne(ElementType type) {
    TokenBatch batch = batch(true, type);
    dirty();

    batch.begin(2, 4);
    batch.row(new int[] {1, 2, 3}, 1);
    batch.row(new int[] {4, 5}, 2);
    batch.finish();

    assertThat(values(types, type, 12)).containsExactly(0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  }

  @Test
  void nothingOfAnEarlierBatchIsLeft() {
    TokenBatch batch = batch(true, ElementType.INT32);
    batch.begin(3, 4);
    for (int row = 0; row < 3; row++) {
      batch.row(new int[] {7, 7, 7, 7});
    }
    batch.finish();

    batch.begin(1, 1);
    batch.row(new int[] {1});
    batch.finish();

    assertThat(values(ids, ElementType.INT32, 12)).doesNotContain(7).startsWith(1);
    assertThat(Arrays.stream(values(mask, ElementType.INT32, 12)).sum()).isEqualTo(3);
  }

  @Test
  void refusesWhatDoesNotFit() {
    TokenBatch batch = batch(true, ElementType.INT32);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> batch.begin(4, 1))
        .withMessageContaining("3×4");
    assertThatIllegalArgumentException().isThrownBy(() -> batch.begin(0, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> batch.begin(1, 5));
    batch.begin(2, 4);
    assertThatIllegalArgumentException().isThrownBy(() -> batch.row(new int[5]));
    assertThatIllegalArgumentException().isThrownBy(() -> batch.row(new int[0]));
    batch.row(new int[1]);
    assertThatIllegalStateException().isThrownBy(batch::finish).withMessageContaining("1 of its 2");
    batch.row(new int[1]);
    assertThatIllegalStateException().isThrownBy(() -> batch.row(new int[1]));
    assertThat(batch.isFinished()).isFalse();
  }

  @Test
  void refusesBuffersThatAreTooSmallOrOnTheHeap() {
    ByteBuffer small = ByteBuffer.allocateDirect(SHAPE.tokens() * 4 - 1);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> new TokenBatch(SHAPE, true, ElementType.INT32, PAD, small, null, null))
        .withMessageContaining("48 bytes");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                new TokenBatch(
                    SHAPE, true, ElementType.INT32, PAD, ByteBuffer.allocate(48), null, null));
  }

  private TokenBatch batch(boolean fixed, ElementType type) {
    return new TokenBatch(SHAPE, fixed, type, PAD, ids, mask, types);
  }

  private void dirty() {
    for (ByteBuffer buffer : new ByteBuffer[] {ids, mask, types}) {
      for (int i = 0; i < buffer.capacity(); i++) {
        buffer.put(i, (byte) 0x55);
      }
    }
  }

  private static ByteBuffer buffer() {
    return ByteBuffer.allocateDirect(SHAPE.tokens() * 8).order(ByteOrder.nativeOrder());
  }

  private static long[] values(ByteBuffer buffer, ElementType type, int count) {
    long[] values = new long[count];
    for (int i = 0; i < count; i++) {
      values[i] = type == ElementType.INT64 ? buffer.getLong(i * 8) : buffer.getInt(i * 4);
    }
    return values;
  }
}
