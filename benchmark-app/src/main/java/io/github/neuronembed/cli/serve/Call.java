package io.github.neuronembed.cli.serve;

import io.github.neuronembed.TextEmbedder;
import java.util.function.BooleanSupplier;

/** What a request asks for, as read from its body. */
sealed interface Call permits EmbeddingCall, RerankCall, Call.OfTokenizer {

  /** A request that only needs the tokenizer. */
  interface OfTokenizerWork {
    /**
     * Writes the answer.
     *
     * @param wanted whether somebody still waits; if not, the method may omit the rest
     */
    void write(TextEmbedder embedder, JsonOutput out, BooleanSupplier wanted);
  }

  /**
   * A request that only needs the tokenizer.
   *
   * @param work what is done on a worker
   */
  record OfTokenizer(OfTokenizerWork work) implements Call {}
}
