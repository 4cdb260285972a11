package io.github.neuronembed.encoder;

import io.github.neuronembed.nrt.Native;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;

/**
 * Memory for token ids, lengths and vectors of batches, allocated once. It belongs to the JVM, and
 * outlives any session. Used by one thread at a time.
 */
public final class EncoderBatch {

  private final int maxTexts;
  private final int maxLength;
  private final ByteBuffer ids;
  private final ByteBuffer lengths;
  private final ByteBuffer vectors;
  final IntPointer idsPointer;
  final IntPointer lengthsPointer;
  final FloatPointer vectorsPointer;

  /**
   * Allocates it.
   *
   * @param hiddenSize numbers of a vector of the model that it is for
   * @param maxTexts maximum number of texts of a batch
   * @param maxLength maximum number of tokens of a text
   * @throws OutOfMemoryError if there is not enough direct memory
   * @throws ArithmeticException if a buffer would have 2 GiB or more
   */
  public EncoderBatch(int hiddenSize, int maxTexts, int maxLength) {
    this.maxTexts = maxTexts;
    this.maxLength = maxLength;
    this.ids = EncoderModel.ints(Math.multiplyExact(maxTexts, maxLength));
    this.lengths = EncoderModel.ints(maxTexts);
    this.vectors =
        ByteBuffer.allocateDirect(
                Math.multiplyExact(Math.multiplyExact(maxTexts, hiddenSize), Float.BYTES))
            .order(ByteOrder.nativeOrder());
    this.idsPointer = new IntPointer(Native.pointer(ids));
    this.lengthsPointer = new IntPointer(Native.pointer(lengths));
    this.vectorsPointer = new FloatPointer(Native.pointer(vectors));
  }

  /** Direct memory of a batch, in bytes. */
  public static long bytes(int hiddenSize, int maxTexts, int maxLength) {
    return ((long) maxTexts * maxLength + maxTexts) * Integer.BYTES
        + (long) maxTexts * hiddenSize * Float.BYTES;
  }

  /**
   * The token ids, int32 in native byte order: a row for each text, with the stride that the run
   * uses.
   */
  public ByteBuffer ids() {
    return ids;
  }

  /** Sets the number of tokens of a text. */
  public void length(int text, int tokens) {
    lengths.putInt(Objects.checkIndex(text, maxTexts) * Integer.BYTES, tokens);
  }

  /** A vector for each text, float32 in native byte order, after it was run. */
  public ByteBuffer vectors() {
    return vectors;
  }

  /** Maximum number of texts of a batch. */
  public int maxTexts() {
    return maxTexts;
  }

  /** Capacity for ids in bytes. */
  long idsCapacity() {
    return (long) maxTexts * maxLength;
  }

  /** Capacity for the numbers of its vectors. */
  long vectorsCapacity() {
    return vectors.capacity() / Float.BYTES;
  }
}
