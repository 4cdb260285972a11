package io.github.neuronembed.model.graph;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A BERT encoder as a graph says it: all of its weights, and the numbers that are in the graph.
 * Post-norm layers, learned absolute positions, exact (erf) GELU.
 *
 * @param hiddenSize elements of a token's vector
 * @param heads attention heads
 * @param maskValue what is added to the score of a token that the mask hides, float32
 * @param layers first to last
 */
record BertEncoder(
    long hiddenSize, long heads, float maskValue, Embeddings embeddings, List<Layer> layers) {

  /** Reads a graph; see {@link BertGraphReader}. */
  static BertEncoder of(OnnxModel model) throws UnsupportedGraphException {
    return new BertGraphReader(model).read();
  }

  /** The same encoder, see {@link Linear#withUint8}. */
  BertEncoder withUint8() {
    return new BertEncoder(
        hiddenSize, heads, maskValue, embeddings, layers.stream().map(Layer::withUint8).toList());
  }

  boolean quantized() {
    return layers.get(0).query().quantization() != null;
  }

  /** Refuses an encoder whose weights are not all float32. */
  void expectFloats() throws UnsupportedGraphException {
    if (quantized() || embeddings.word().quantization() != null) {
      throw new UnsupportedGraphException("Its weights are integers already.");
    }
  }

  /**
   * @param word {@code [vocabulary, hidden]}
   * @param position {@code [positions, hidden]}
   * @param tokenType {@code [types, hidden]}
   */
  record Embeddings(Table word, Table position, Table tokenType, LayerNorm norm) {}

  /**
   * Vectors to look up.
   *
   * @param vectors {@code [entries, hidden]}, float32 or, quantized, uint8 or int8
   * @param quantization null for float32
   */
  record Table(Tensor vectors, Linear.@Nullable Quantization quantization) {}

  /**
   * @param scale float32 {@code [hidden]}
   * @param bias float32 {@code [hidden]}
   */
  record LayerNorm(Tensor scale, Tensor bias, float epsilon) {}

  /**
   * @param query hidden to hidden, as key, value and attentionOutput
   * @param intermediate hidden to the width of the feed-forward network
   */
  record Layer(
      Linear query,
      Linear key,
      Linear value,
      Linear attentionOutput,
      LayerNorm attentionNorm,
      Linear intermediate,
      Linear output,
      LayerNorm outputNorm) {

    private Layer withUint8() {
      return new Layer(
          query.withUint8(),
          key.withUint8(),
          value.withUint8(),
          attentionOutput.withUint8(),
          attentionNorm,
          intermediate.withUint8(),
          output.withUint8(),
          outputNorm);
    }

    List<Linear> linears() {
      return List.of(query, key, value, attentionOutput, intermediate, output);
    }
  }
}
