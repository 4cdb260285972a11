package io.github.neuronembed.cli.serve;

import io.github.neuronembed.TruncationPolicy;
import java.util.List;

/**
 * A request for the order of texts.
 *
 * @param texts at least one
 * @param truncation what happens to a long pair
 * @param answer writes the body of the answer
 */
record RerankCall(String query, List<String> texts, TruncationPolicy truncation, Answer answer)
    implements Call {

  /** Writes the body of an answer. */
  interface Answer {
    /** About how many bytes it has. */
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
