package io.github.neuronembed.cli.serve;

import io.github.neuronembed.TruncationPolicy;
import java.util.List;

/**
 * A request to rank texts.
 *
 * @param texts at least one
 * @param truncation what happens to a long pair
 * @param answer writes the body of the answer
 */
record RerankCall(String query, List<String> texts, TruncationPolicy truncation, Answer answer)
    implements Call {

  /** Writes the body of an answer. */
  interface Answer {
    /** The approximate size of the answer in bytes. */
    long bytes();

    /**
     * Writes it.
     *
     * @param logits one for each text, in their order
     * @param tokens that were computed, special tokens included
     */
    void write(float[] logits, long tokens, JsonOutput out);
  }
}
