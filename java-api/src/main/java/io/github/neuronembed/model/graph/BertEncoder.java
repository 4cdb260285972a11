package io.github.neuronembed.model.graph;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A BERT encoder as read from a graph: all of its weights, and the numbers that the graph contains.
 * Post-norm layers, learned absolute positions, exact (erf) GELU.
 *
 * @param hiddenSize elements of a token's vector
 * @param heads attention heads
 * @param maskValue what is added to the score of a token that the mask hides, float32
 * @param layers first to last
 * @param head the head of a cross-encoder; null if the last layer's vectors are the output
 */
record BertEncoder(
    long hiddenSize,
    long heads,
    float maskValue,
    Embeddings embeddings,
    List<Layer> layers,
    @Nullable Head head) {

  /** Reads a graph; see {@link BertGraphReader}. */
  static BertEncoder of(OnnxModel model) throws UnsupportedGraphException {
    return new BertGraphReader(model).read();
  }

  /** The same encoder with uint8 weights; see {@link Linear#withUint8}. */
  BertEncoder withUint8() {
    return new BertEncoder(
        hiddenSize,
        heads,
        maskValue,
        embeddings,
        layers.stream().map(Layer::withUint8).toList(),
        head == null ? null : head.withUint8());
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

  /** Refuses a cross-encoder. */
  void expectVectors() throws UnsupportedGraphException {
    if (head != null) {
      throw new UnsupportedGraphException("It gives scores of pairs, not vectors.");
    }
  }

  /** Refuses an encoder without the head of a cross-encoder. */
  void expectScores() throws UnsupportedGraphException {
    if (head == null) {
      throw new UnsupportedGraphException("It gives vectors, not scores of pairs.");
    }
  }

  /**
   * @param word {@code [vocabulary, hidden]}
   * @param position {@code [positions, hidden]}
   * @param padding null if the first token's position is 0; else the padding token's id. Positions
   *     of other tokens then start right after this number, and padding tokens have it as their
   *     position
   * @param tokenType {@code [types, hidden]}; null if there is none
   * @param takesTypes whether the token types are an input of the graph; else all tokens have the
   *     first type
   */
  record Embeddings(
      Table word,
      Table position,
      @Nullable Long padding,
      @Nullable Table tokenType,
      boolean takesTypes,
      LayerNorm norm) {}

  /** The activation between the two layers of a head. */
  enum Activation {
    TANH("Tanh"),
    RELU("Relu");

    final String operator;

    Activation(String operator) {
      this.operator = operator;
    }
  }

  /**
   * The layers that compute a score from the first token's vector.
   *
   * @param dense hidden to hidden
   * @param output hidden to 1
   */
  record Head(Linear dense, Activation activation, Linear output) {

    private Head withUint8() {
      return new Head(dense.withUint8(), activation, output.withUint8());
    }
  }

  /**
   * A lookup table of vectors.
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
