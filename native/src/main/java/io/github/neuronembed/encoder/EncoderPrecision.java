package io.github.neuronembed.encoder;

import io.github.neuronembed.nrt.bindings.NeuronCapi;

/** The number format of the dense layers; everything else is float32. */
public enum EncoderPrecision {
  /** 16-bit integer products: the vectors of the float32 model to a cosine of 0.99999 and more. */
  EXACT(NeuronCapi.NEURON_ENCODER_EXACT),

  /**
   * 8-bit integer products, a scale for each token, weights smoothed with calibration texts. The
   * products that lose most accuracy stay at 16 bits.
   */
  INT8(NeuronCapi.NEURON_ENCODER_INT8);

  private final int number;

  EncoderPrecision(int number) {
    this.number = number;
  }

  int number() {
    return number;
  }

  static EncoderPrecision ofNumber(int number) {
    for (EncoderPrecision precision : values()) {
      if (precision.number == number) {
        return precision;
      }
    }
    throw new IllegalArgumentException("No precision has the number %s.".formatted(number));
  }
}
