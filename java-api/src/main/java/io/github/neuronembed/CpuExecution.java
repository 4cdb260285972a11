package io.github.neuronembed;

import io.github.neuronembed.backend.onnx.OnnxOptions;
import io.github.neuronembed.model.Precision;

/**
 * How a CPU computes a model.
 *
 * @param precision what it computes with
 * @param preparedGraph whether ONNX Runtime runs a rewritten graph
 * @param threads threads of one execution
 */
record CpuExecution(Precision precision, boolean preparedGraph, int threads) {

  /** The same for ONNX Runtime, for texts or pairs of up to this many tokens. */
  OnnxOptions onnxOptions(int maxTokens) {
    return OnnxOptions.forModel(maxTokens, precision).withThreads(threads);
  }
}
