package io.github.neuronembed.backend;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The input of a slot: token ids, attention mask and, where the model wants them, token types, each
 * {@code [batchSize, sequenceLength]}, written in place into memory that the backend hands to the
 * model. Every element of a finished batch has been written, so nothing of an earlier one can leak:
 * a short row is padded, and a fixed shape's missing rows are padding with one attended token.
 *
 * <p>Not thread-safe: it belongs to the thread that uses the slot.
 */
public final class TokenBatch {

  private final Shape shape;
  private final boolean fixedShape;
  private final int padTokenId;
  private final Ids inputIds;
  private final @Nullable Ids attentionMask;
  private final @Nullable Ids tokenTypeIds;
  private final int[] lengths;
  private int batchSize;
  private int sequenceLength;
  private int rows;
  private int written;
  private boolean finished;

  /**
   * Wraps buffers of a backend; does not own them.
   *
   * @param shape the most rows and tokens
   * @param fixedShape whether every batch has exactly this shape (a NEFF), or just the rows and
   *     tokens it needs
   * @param type {@link ElementType#INT32} or {@link ElementType#INT64}
   * @param padTokenId the id that fills a row up, the model's padding token
   * @param inputIds direct buffer of at least {@code shape.tokens()} elements
   * @param attentionMask as {@code inputIds}; null if the model computes it from the ids
   * @param tokenTypeIds as {@code inputIds}; null if the model takes none
   * @throws IllegalArgumentException if a buffer is too small or not direct
   */
  public TokenBatch(
      Shape shape,
      boolean fixedShape,
      ElementType type,
      int padTokenId,
      ByteBuffer inputIds,
      @Nullable ByteBuffer attentionMask,
      @Nullable ByteBuffer tokenTypeIds) {
    this.shape = shape;
    this.fixedShape = fixedShape;
    this.padTokenId = padTokenId;
    this.inputIds = Ids.over(inputIds, type, shape, "input ids");
    this.attentionMask =
        attentionMask == null ? null : Ids.over(attentionMask, type, shape, "attention mask");
    this.tokenTypeIds =
        tokenTypeIds == null ? null : Ids.over(tokenTypeIds, type, shape, "token types");
    this.lengths = new int[shape.batchSize()];
  }

  /**
   * Starts a batch; what was there before is void.
   *
   * @param rows texts to come, 1 to {@code shape.batchSize()}
   * @param longest tokens of the longest of them, 1 to {@code shape.sequenceLength()}
   * @throws IllegalArgumentException if the batch does not fit the shape
   */
  public void begin(int rows, int longest) {
    if (rows < 1 || rows > shape.batchSize() || longest < 1 || longest > shape.sequenceLength()) {
      throw new IllegalArgumentException(
          "%s rows of up to %s tokens do not fit the shape %s.".formatted(rows, longest, shape));
    }
    this.rows = rows;
    this.batchSize = fixedShape ? shape.batchSize() : rows;
    this.sequenceLength = fixedShape ? shape.sequenceLength() : longest;
    this.written = 0;
    this.finished = false;
  }

  /**
   * Writes the next row.
   *
   * @param tokenIds the row's ids, special tokens included; read during the call only
   * @throws IllegalArgumentException if the row is empty or longer than {@link #begin} announced
   * @throws IllegalStateException if all announced rows are written
   */
  public void row(int[] tokenIds) {
    if (written == rows) {
      throw new IllegalStateException(
          "The batch has its %s rows already: begin a new one.".formatted(rows));
    }
    int length = tokenIds.length;
    if (length < 1 || length > sequenceLength) {
      throw new IllegalArgumentException(
          "A row of %s tokens does not fit a batch of length %s."
              .formatted(length, sequenceLength));
    }
    int at = written * sequenceLength;
    inputIds.put(at, tokenIds);
    inputIds.fill(at + length, sequenceLength - length, padTokenId);
    if (attentionMask != null) {
      attentionMask.fill(at, length, 1);
      attentionMask.fill(at + length, sequenceLength - length, 0);
    }
    if (tokenTypeIds != null) {
      tokenTypeIds.fill(at, sequenceLength, 0);
    }
    lengths[written++] = length;
  }

  /**
   * Ends the batch: it can be executed.
   *
   * @throws IllegalStateException if a row is missing
   */
  public void finish() {
    if (rows == 0 || written != rows) {
      throw new IllegalStateException("The batch has %s of its %s rows.".formatted(written, rows));
    }
    int from = rows * sequenceLength;
    int padding = (batchSize - rows) * sequenceLength;
    if (padding > 0) {
      inputIds.fill(from, padding, padTokenId);
      if (tokenTypeIds != null) {
        tokenTypeIds.fill(from, padding, 0);
      }
      if (attentionMask != null) {
        attentionMask.fill(from, padding, 0);
        // A row that attends to nothing is a division by zero in the softmax.
        for (int row = rows; row < batchSize; row++) {
          attentionMask.fill(row * sequenceLength, 1, 1);
        }
      }
    }
    finished = true;
  }

  /** Rows of texts, without the padding rows of a fixed shape. */
  public int rows() {
    return rows;
  }

  /** Rows that are computed, padding rows included. */
  public int batchSize() {
    return batchSize;
  }

  /** Tokens of every row that are computed, padding included. */
  public int sequenceLength() {
    return sequenceLength;
  }

  /** Tokens of a text, without padding. */
  public int length(int row) {
    return lengths[Objects.checkIndex(row, rows)];
  }

  /** Whether {@link #finish()} was called since {@link #begin}. */
  public boolean isFinished() {
    return finished;
  }

  /** The elements of one input tensor, of either integer width. */
  private abstract static class Ids {

    static Ids over(ByteBuffer buffer, ElementType type, Shape shape, String what) {
      long need = (long) shape.tokens() * type.bytes();
      if (!buffer.isDirect() || buffer.capacity() < need) {
        throw new IllegalArgumentException(
            "The buffer of the %s must be direct and hold %s bytes for the shape %s."
                .formatted(what, need, shape));
      }
      ByteBuffer whole = buffer.duplicate().order(ByteOrder.nativeOrder()).clear();
      return switch (type) {
        case INT32 -> new Ints(whole.asIntBuffer());
        case INT64 -> new Longs(whole.asLongBuffer());
        case FLOAT32, BFLOAT16 ->
            throw new IllegalArgumentException(
                "The %s are integers, not %s.".formatted(what, type));
      };
    }

    abstract void put(int at, int[] values);

    abstract void fill(int at, int count, int value);
  }

  private static final class Ints extends Ids {
    private final IntBuffer buffer;

    Ints(IntBuffer buffer) {
      this.buffer = buffer;
    }

    @Override
    void put(int at, int[] values) {
      buffer.put(at, values, 0, values.length);
    }

    @Override
    void fill(int at, int count, int value) {
      for (int i = at, end = at + count; i < end; i++) {
        buffer.put(i, value);
      }
    }
  }

  private static final class Longs extends Ids {
    private final LongBuffer buffer;

    Longs(LongBuffer buffer) {
      this.buffer = buffer;
    }

    @Override
    void put(int at, int[] values) {
      for (int i = 0; i < values.length; i++) {
        buffer.put(at + i, values[i]);
      }
    }

    @Override
    void fill(int at, int count, int value) {
      for (int i = at, end = at + count; i < end; i++) {
        buffer.put(i, value);
      }
    }
  }
}
