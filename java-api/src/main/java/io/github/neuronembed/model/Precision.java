package io.github.neuronembed.model;

/** The type of an ONNX file's weights. */
public enum Precision {
  /** 32-bit floating point, as the model was published: {@code onnx/model.onnx}. */
  FP32,

  /**
   * 8-bit integers with float activations in between: {@code onnx/model_quantized.onnx} or {@code
   * onnx/model_int8.onnx}. Smaller and faster, its vectors close to those of {@link #FP32}, not
   * equal.
   */
  INT8
}
