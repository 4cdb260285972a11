package io.github.neuronembed.backend;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The output of a slot, read in place: a vector for every token, {@code [batchSize, sequenceLength,
 * hiddenSize]}, or, where the graph pools, a vector for every row, {@code [batchSize, hiddenSize]},
 * or, where it is packed, for every place of a text, {@code [batchSize, textsPerRow, hiddenSize]};
 * float32 or bfloat16.
 *
 * <p>Not thread-safe: it belongs to the thread that uses the slot.
 */
public final class TokenVectors {

  private final int hiddenSize;
  private final boolean pooled;
  private final @Nullable FloatBuffer floats;
  private final @Nullable ShortBuffer halves;
  private final @Nullable FirstFit packed;
  private int sequenceLength;

  /**
   * Wraps a buffer of a backend; does not own it.
   *
   * @param data direct buffer that holds the output of the largest batch
   * @param type {@link ElementType#FLOAT32} or {@link ElementType#BFLOAT16}
   * @param hiddenSize elements of a vector
   * @param pooled whether the graph gives one vector a text
   * @param sequenceLength tokens a row has in the output, see {@link #sequenceLength(int)}
   * @throws IllegalArgumentException if the type is not one of the two
   */
  public TokenVectors(
      ByteBuffer data, ElementType type, int hiddenSize, boolean pooled, int sequenceLength) {
    this(data, type, hiddenSize, pooled, sequenceLength, null);
  }

  /**
   * Wraps the output of a packed shape, whose graph pools; does not own it.
   *
   * @param data direct buffer of a vector for each place of a text
   * @param type {@link ElementType#FLOAT32} or {@link ElementType#BFLOAT16}
   * @param hiddenSize elements of a vector
   * @param tokens the slot's input, which holds the position of each text
   * @throws IllegalArgumentException if the type is not one of the two
   */
  public TokenVectors(ByteBuffer data, ElementType type, int hiddenSize, TokenBatch tokens) {
    this(data, type, hiddenSize, true, 1, tokens.placed());
  }

  private TokenVectors(
      ByteBuffer data,
      ElementType type,
      int hiddenSize,
      boolean pooled,
      int sequenceLength,
      @Nullable FirstFit packed) {
    this.hiddenSize = hiddenSize;
    this.pooled = pooled;
    this.sequenceLength = sequenceLength;
    this.packed = packed;
    ByteBuffer whole = data.duplicate().order(ByteOrder.nativeOrder()).clear();
    switch (type) {
      case FLOAT32 -> {
        this.floats = whole.asFloatBuffer();
        this.halves = null;
      }
      case BFLOAT16 -> {
        this.floats = null;
        this.halves = whole.asShortBuffer();
      }
      case INT32, INT64 ->
          throw new IllegalArgumentException("A model's output is not made of %s.".formatted(type));
      default -> throw new AssertionError(type);
    }
  }

  /** Whether the graph gives one vector a text. */
  public boolean isPooled() {
    return pooled;
  }

  /** Elements of a vector. */
  public int hiddenSize() {
    return hiddenSize;
  }

  /** For backends of dynamic shapes: the tokens a row has in the current output. */
  public void sequenceLength(int tokens) {
    this.sequenceLength = tokens;
  }

  /**
   * Copies one vector, widened to float32.
   *
   * @param row the text
   * @param token the token; 0 if the output is pooled
   * @param destination filled from {@code offset} with {@code hiddenSize} values
   * @throws IndexOutOfBoundsException if there is no such vector, or no space for it
   */
  public void copy(int row, int token, float[] destination, int offset) {
    if (pooled ? token != 0 : token < 0 || token >= sequenceLength) {
      throw new IndexOutOfBoundsException(
          "No token %s: a row has %s.".formatted(token, pooled ? 1 : sequenceLength));
    }
    int vector = packed != null ? packed.vector(row) : pooled ? row : row * sequenceLength + token;
    int at = vector * hiddenSize;
    if (floats != null) {
      floats.get(at, destination, offset, hiddenSize);
    } else if (halves != null) {
      for (int i = 0; i < hiddenSize; i++) {
        destination[offset + i] = Float.intBitsToFloat(halves.get(at + i) << 16);
      }
    }
  }
}
