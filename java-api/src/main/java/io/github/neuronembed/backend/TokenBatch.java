package io.github.neuronembed.backend;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The input of a slot, written in place into memory that the backend hands to the model. Token ids,
 * attention mask and, where the model wants them, token types are each {@code [batchSize,
 * sequenceLength]}. A packed shape has the ids and {@code starts}, {@code [batchSize, textsPerRow +
 * 1]}: where each text of a row begins, then the end of the last one, then the row's length in the
 * unused entries.
 *
 * <p>Every element of a finished batch is written, so no data of an earlier batch can leak: a row
 * is padded, and the missing rows of a fixed shape are padding with one attended token (in a packed
 * shape, a text of one padding token).
 *
 * <p>Not thread-safe: it belongs to the thread that uses the slot. Writing allocates nothing.
 */
public final class TokenBatch {

  private final Shape shape;
  private final boolean fixedShape;
  private final int padTokenId;
  private final Ids inputIds;
  private final @Nullable Ids attentionMask;
  private final @Nullable Ids tokenTypeIds;
  private final @Nullable Ids starts;
  private final FirstFit placed;
  private int batchSize;
  private int sequenceLength;
  private int rows;
  private boolean finished;

  /**
   * Wraps buffers of a backend for a plain shape; does not own them.
   *
   * @param shape the maximum of rows and tokens
   * @param fixedShape whether every batch has exactly this shape (a NEFF), or just the rows and
   *     tokens it needs
   * @param type {@link ElementType#INT32} or {@link ElementType#INT64}
   * @param padTokenId the id that fills a row up, the model's padding token
   * @param inputIds direct buffer of at least {@code shape.tokens()} elements
   * @param attentionMask as {@code inputIds}; null if the model computes it from the ids
   * @param tokenTypeIds as {@code inputIds}; null if the model takes none
   * @throws IllegalArgumentException if a buffer is too small or not direct, or the shape is packed
   */
  public TokenBatch(
      Shape shape,
      boolean fixedShape,
      ElementType type,
      int padTokenId,
      ByteBuffer inputIds,
      @Nullable ByteBuffer attentionMask,
      @Nullable ByteBuffer tokenTypeIds) {
    if (shape.isPacked()) {
      throw new IllegalArgumentException("The packed shape %s needs starts.".formatted(shape));
    }
    this.shape = shape;
    this.fixedShape = fixedShape;
    this.padTokenId = padTokenId;
    this.inputIds = Ids.over(inputIds, type, shape, shape.tokens(), "input ids");
    this.attentionMask =
        attentionMask == null
            ? null
            : Ids.over(attentionMask, type, shape, shape.tokens(), "attention mask");
    this.tokenTypeIds =
        tokenTypeIds == null
            ? null
            : Ids.over(tokenTypeIds, type, shape, shape.tokens(), "token types");
    this.starts = null;
    this.placed = new FirstFit(shape);
  }

  /**
   * Wraps buffers of a backend for a packed shape, which is always exact; does not own them.
   *
   * @param type of the ids, {@link ElementType#INT32} or {@link ElementType#INT64}
   * @param padTokenId the id that fills a row up, the model's padding token
   * @param inputIds direct buffer of at least {@code shape.tokens()} elements
   * @param starts direct buffer of at least {@code batchSize * (textsPerRow + 1)} elements of
   *     {@link ElementType#INT32}
   * @throws IllegalArgumentException if a buffer is too small or not direct, or the shape is plain
   */
  public TokenBatch(
      Shape shape, ElementType type, int padTokenId, ByteBuffer inputIds, ByteBuffer starts) {
    if (!shape.isPacked()) {
      throw new IllegalArgumentException("The plain shape %s has no starts.".formatted(shape));
    }
    this.shape = shape;
    this.fixedShape = true;
    this.padTokenId = padTokenId;
    this.inputIds = Ids.over(inputIds, type, shape, shape.tokens(), "input ids");
    this.attentionMask = null;
    this.tokenTypeIds = null;
    this.starts =
        Ids.over(
            starts,
            ElementType.INT32,
            shape,
            (long) shape.batchSize() * (shape.textsPerRow() + 1),
            "starts");
    this.placed = new FirstFit(shape);
  }

  /**
   * Starts a batch; the previous batch becomes invalid.
   *
   * @param rows texts to come, 1 to {@code shape.texts()}
   * @param longest tokens of the longest of them, 1 to {@code shape.sequenceLength()}
   * @throws IllegalArgumentException if the batch does not fit the shape
   */
  public void begin(int rows, int longest) {
    if (rows < 1 || rows > shape.texts() || longest < 1 || longest > shape.sequenceLength()) {
      throw new IllegalArgumentException(
          "%s rows of up to %s tokens do not fit the shape %s.".formatted(rows, longest, shape));
    }
    this.rows = rows;
    this.batchSize = fixedShape ? shape.batchSize() : rows;
    this.sequenceLength = fixedShape ? shape.sequenceLength() : longest;
    this.finished = false;
    placed.clear();
  }

  /**
   * Writes the next text, where {@link FirstFit} places it.
   *
   * @param tokenIds the text's ids, special tokens included; read during the call only
   * @throws IllegalArgumentException if the text is empty or longer than {@link #begin} announced,
   *     or it fits no row of a packed shape
   * @throws IllegalStateException if all announced texts are written
   */
  public void row(int[] tokenIds) {
    row(tokenIds, tokenIds.length);
  }

  /**
   * Writes the next text, or pair of texts.
   *
   * @param tokenIds as in {@link #row(int[])}
   * @param firstLength tokens of type 0, which come first; the others are of type 1, which a model
   *     without token types does not see
   * @throws IllegalArgumentException as {@link #row(int[])}
   * @throws IllegalStateException as {@link #row(int[])}
   */
  public void row(int[] tokenIds, int firstLength) {
    if (placed.texts() == rows) {
      throw new IllegalStateException(
          "The batch has its %s rows already: begin a new one.".formatted(rows));
    }
    int length = tokenIds.length;
    if (length < 1 || length > sequenceLength) {
      throw new IllegalArgumentException(
          "A row of %s tokens does not fit a batch of length %s."
              .formatted(length, sequenceLength));
    }
    if (!placed.place(length)) {
      throw new IllegalArgumentException(
          "No row of the shape %s has room for a text of %s tokens more.".formatted(shape, length));
    }
    int text = placed.texts() - 1;
    int at = placed.row(text) * sequenceLength + placed.start(text);
    inputIds.put(at, tokenIds);
    if (tokenTypeIds != null) {
      tokenTypeIds.fill(at, firstLength, 0);
      tokenTypeIds.fill(at + firstLength, length - firstLength, 1);
    }
    if (starts != null) {
      starts.fill(placed.vector(text) + placed.row(text), 1, placed.start(text));
    }
  }

  /**
   * Ends the batch: it can be executed.
   *
   * @throws IllegalStateException if a text is missing
   */
  public void finish() {
    if (rows == 0 || placed.texts() != rows) {
      throw new IllegalStateException(
          "The batch has %s of its %s rows.".formatted(placed.texts(), rows));
    }
    for (int row = 0; row < batchSize; row++) {
      int at = row * sequenceLength;
      int used = placed.tokensOf(row);
      int padding = sequenceLength - used;
      inputIds.fill(at + used, padding, padTokenId);
      if (attentionMask != null) {
        // A row that attends to no position causes a division by zero in the softmax.
        int attended = Math.max(1, used);
        attentionMask.fill(at, attended, 1);
        attentionMask.fill(at + attended, sequenceLength - attended, 0);
      }
      if (tokenTypeIds != null) {
        tokenTypeIds.fill(at + used, padding, 0);
      }
      if (starts != null) {
        endOfRow(starts, row, used);
      }
    }
    finished = true;
  }

  /** Writes the end of the last text of a row and the unused entries of its starts. */
  private void endOfRow(Ids all, int row, int used) {
    int texts = placed.textsOf(row);
    int at = row * (shape.textsPerRow() + 1);
    if (texts == 0) {
      all.fill(at, 1, 0);
      all.fill(at + 1, 1, 1);
      texts = 1;
    } else {
      all.fill(at + texts, 1, used);
    }
    all.fill(at + texts + 1, shape.textsPerRow() - texts, sequenceLength);
  }

  /** Texts; in a plain shape each has a separate row. */
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

  /**
   * The positions of the texts written since {@link #begin}. Valid until the next {@code begin}.
   */
  public FirstFit placed() {
    return placed;
  }

  /** Tokens of a text, without padding. */
  public int length(int row) {
    return placed.length(row);
  }

  /** Whether {@link #finish()} was called since {@link #begin}. */
  public boolean isFinished() {
    return finished;
  }

  /**
   * For slots that execute it.
   *
   * @throws IllegalStateException if it is not finished
   */
  public void requireFinished() {
    if (!finished) {
      throw new IllegalStateException("The batch is not finished: call finish() first.");
    }
  }

  /** The elements of one input tensor, of either integer width. */
  private abstract static class Ids {

    static Ids over(ByteBuffer buffer, ElementType type, Shape shape, long elements, String what) {
      long need = elements * type.bytes();
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
