package io.github.neuronembed.model.graph;

import org.jspecify.annotations.Nullable;

/**
 * A dense layer: {@code x · weight + bias}.
 *
 * @param weight {@code [in, out]}, float32 or, quantized, int8 or uint8
 * @param bias float32 {@code [out]}
 * @param quantization null for float32
 */
record Linear(Tensor weight, Tensor bias, @Nullable Quantization quantization) {

  /**
   * How integers stand for weights: {@code (weight - zeroPoint) * scale}. The input is quantized
   * when it is there, to uint8, with one scale for all of it.
   *
   * @param scale float32, one or one an output
   * @param zeroPoint of the weight's type, as many as scales
   */
  record Quantization(Tensor scale, Tensor zeroPoint) {}

  /**
   * The same layer with weights in uint8, where they are int8: the products of unsigned values are
   * exact on every processor, those of unsigned and signed ones are not.
   */
  Linear withUint8() {
    return quantization == null
        ? this
        : new Linear(
            weight.asUint8(),
            bias,
            new Quantization(quantization.scale, quantization.zeroPoint.asUint8()));
  }

  /** Of a weight that has its two axes. */
  long outputs() {
    return weight.dims().get(1);
  }
}
