package io.github.neuronembed.model;

/** What a model's dense layers compute with. */
public enum Precision {
  /** 32-bit floating point, as the model was published: {@code onnx/model.onnx}. */
  FP32,

  /**
   * The vectors of {@link #FP32} to a cosine of 0.99999 and more, by whatever computes them fastest
   * from the same file: the native core's encoder with products of 16-bit integers where it can,
   * ONNX Runtime in float32 elsewhere.
   */
  EXACT,

  /**
   * 8-bit integers with float activations in between. Smaller and faster, its vectors close to
   * those of {@link #FP32}, not equal. The native core's encoder makes them from the float32 file,
   * with a scale for each token (cosines of 0.9995 and more, for a text without words 0.999); ONNX
   * Runtime takes {@code onnx/model_quantized.onnx} or {@code onnx/model_int8.onnx}, with one scale
   * for all tokens.
   */
  INT8
}
