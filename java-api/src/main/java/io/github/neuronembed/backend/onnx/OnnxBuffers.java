package io.github.neuronembed.backend.onnx;

import io.github.neuronembed.backend.ElementType;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.TokenBatch;
import io.github.neuronembed.backend.TokenVectors;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * The direct memory of a slot.
 *
 * @param inputIds token ids
 * @param attentionMask as the ids; null if the model takes none
 * @param tokenTypeIds as the ids; null if the model takes none
 * @param output the vectors
 */
record OnnxBuffers(
    ByteBuffer inputIds,
    @Nullable ByteBuffer attentionMask,
    @Nullable ByteBuffer tokenTypeIds,
    ByteBuffer output) {

  /**
   * Allocates it.
   *
   * @throws ArithmeticException if a buffer would be too large
   */
  static OnnxBuffers allocate(OnnxSignature signature, Shape shape) {
    long ids = idBytes(signature, shape);
    return new OnnxBuffers(
        direct(ids),
        signature.hasMask() ? direct(ids) : null,
        signature.hasTokenTypes() ? direct(ids) : null,
        direct(outputBytes(signature, shape)));
  }

  /** Bytes of it all. */
  static long bytes(OnnxSignature signature, Shape shape) {
    int inputs = 1 + (signature.hasMask() ? 1 : 0) + (signature.hasTokenTypes() ? 1 : 0);
    return inputs * idBytes(signature, shape) + outputBytes(signature, shape);
  }

  private static long idBytes(OnnxSignature signature, Shape shape) {
    return (long) shape.tokens() * signature.idType().bytes();
  }

  private static long outputBytes(OnnxSignature signature, Shape shape) {
    long vectors = signature.pooled() ? shape.batchSize() : shape.tokens();
    return vectors * signature.hiddenSize() * ElementType.FLOAT32.bytes();
  }

  private static ByteBuffer direct(long bytes) {
    return ByteBuffer.allocateDirect(Math.toIntExact(bytes)).order(ByteOrder.nativeOrder());
  }

  /** A batch over the inputs. */
  TokenBatch tokens(OnnxSignature signature, Shape shape, int padTokenId) {
    return new TokenBatch(
        shape, false, signature.idType(), padTokenId, inputIds, attentionMask, tokenTypeIds);
  }

  /** The vectors of the output. */
  TokenVectors vectors(OnnxSignature signature) {
    return new TokenVectors(
        output, ElementType.FLOAT32, signature.hiddenSize(), signature.pooled(), 1);
  }
}
