package io.github.neuronembed.cli.serve;

import io.github.neuronembed.InputType;
import io.github.neuronembed.TruncationPolicy;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a request asks for.
 *
 * @param inputs at least one
 * @param type what the texts are; null if the request's fields do not say
 * @param truncation what happens to a long text; null if the request does not say
 * @param answer writes the body of the answer
 */
record EmbeddingCall(
    Inputs inputs, @Nullable InputType type, @Nullable TruncationPolicy truncation, Answer answer) {

  /** Writes the body of an answer. */
  interface Answer {
    /**
     * Writes it.
     *
     * @param vectors one for each input, in their order; may be changed
     * @param tokens that were embedded, special tokens included
     * @return JSON
     */
    String write(List<float[]> vectors, long tokens);
  }
}
