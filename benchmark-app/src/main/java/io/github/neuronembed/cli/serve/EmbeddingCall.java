package io.github.neuronembed.cli.serve;

import io.github.neuronembed.InputType;
import io.github.neuronembed.TruncationPolicy;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A request for vectors, or for a result computed from them.
 *
 * @param inputs at least one
 * @param type the type of the texts; null if the request's fields do not say
 * @param truncation what happens to a long text; null if the request does not say
 * @param form of the vectors that the answer contains or is computed from
 * @param answer writes the body of the answer
 */
record EmbeddingCall(
    Inputs inputs,
    @Nullable InputType type,
    @Nullable TruncationPolicy truncation,
    VectorForm form,
    Answer answer)
    implements Call {

  /** Writes the body of an answer. */
  interface Answer {
    /** The approximate size of the answer in bytes. */
    long bytes(int inputs, int dimension);

    /**
     * Writes it.
     *
     * @param vectors one for each input, in their order; may be changed
     * @param tokens that were embedded, special tokens included
     */
    void write(List<float[]> vectors, long tokens, JsonOutput out);
  }
}
