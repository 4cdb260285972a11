package io.github.neuronembed.model.graph;

/**
 * The size of a BERT encoder.
 *
 * @param layers encoder layers
 * @param hiddenSize elements of a token's vector, a multiple of the heads
 * @param heads attention heads
 * @param intermediateSize width of the feed-forward network
 * @param vocabularySize entries of the vocabulary
 * @param positions longest input in tokens
 */
public record BertShape(
    int layers,
    int hiddenSize,
    int heads,
    int intermediateSize,
    int vocabularySize,
    int positions) {

  /** As bge-small-en-v1.5: 33 million weights. */
  public static final BertShape BGE_SMALL = new BertShape(12, 384, 12, 1536, 30522, 512);

  /** As bge-base-en-v1.5: 109 million weights, a file of 436 MB. */
  public static final BertShape BGE_BASE = new BertShape(12, 768, 12, 3072, 30522, 512);

  /** As bge-large-en-v1.5: 335 million weights, a file of 1.3 GB. */
  public static final BertShape BGE_LARGE = new BertShape(24, 1024, 16, 4096, 30522, 512);

  /**
   * @throws IllegalArgumentException if a size is not positive, or the heads do not share the
   *     hidden size evenly
   */
  public BertShape {
    if (layers < 1
        || hiddenSize < 1
        || heads < 1
        || intermediateSize < 1
        || vocabularySize < 1
        || positions < 1
        || hiddenSize % heads != 0) {
      throw new IllegalArgumentException(
          ("A BERT encoder of %s layers, hidden size %s, %s heads, intermediate size %s,"
                  + " vocabulary %s and %s positions: all are at least 1, and the heads share the"
                  + " hidden size evenly.")
              .formatted(layers, hiddenSize, heads, intermediateSize, vocabularySize, positions));
    }
  }
}
