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
   * Integers represent weights as {@code (weight - zeroPoint) * scale}. The graph quantizes the
   * layer's input at run time to uint8, with one scale for the whole input.
   *
   * @param scale float32, one for the layer or one for each output
   * @param zeroPoint of the weight's type and with the same shape as the scale
   */
  record Quantization(Tensor scale, Tensor zeroPoint) {}

  /**
   * The same layer with int8 weights converted to uint8. Products of two unsigned values are exact
   * on every processor; products of unsigned and signed values are not.
   */
  Linear withUint8() {
    return quantization == null
        ? this
        : new Linear(
            weight.asUint8(),
            bias,
            new Quantization(quantization.scale, quantization.zeroPoint.asUint8()));
  }

  /** The number of outputs; only for a weight that was checked to have two axes. */
  long outputs() {
    return weight.dims().get(1);
  }
}
