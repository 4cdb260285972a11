package io.github.neuronembed.model;

/** The number format of a model's dense layers. */
public enum Precision {
  /** 32-bit floating point, as the model was published: {@code onnx/model.onnx}. */
  FP32,

  /**
   * The vectors of {@link #FP32} to a cosine of 0.99999 and more, computed from the same file by
   * the fastest backend: the native core's encoder with 16-bit integer products if it supports the
   * model, else ONNX Runtime in float32.
   */
  EXACT,

  /**
   * 8-bit integers with float activations in between. Smaller and faster, its vectors close to
   * those of {@link #FP32}, not equal. The native core's encoder computes them from the float32
   * file, with a scale for each token (cosines of 0.9995 and more, for a text without words 0.999);
   * ONNX Runtime uses {@code onnx/model_quantized.onnx} or {@code onnx/model_int8.onnx}, with one
   * scale for all tokens.
   */
  INT8
}
