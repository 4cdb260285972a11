package io.github.neuronembed.model;

import java.util.List;

/** Type of the weights of an ONNX file, and the names such a file goes by in a model directory. */
public enum Precision {
  FP32("onnx/model.onnx"),
  INT8("onnx/model_quantized.onnx", "onnx/model_int8.onnx");

  @SuppressWarnings("ImmutableEnumChecker") // List.of is immutable
  private final List<String> files;

  Precision(String... files) {
    this.files = List.of(files);
  }

  /** Paths inside of a model directory, the first that exists counts. */
  public List<String> files() {
    return files;
  }
}
