package io.github.neuronembed.cli.verify;

import io.github.neuronembed.BackendChoice;
import io.github.neuronembed.TextEmbedder;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.Precision;

/**
 * The subject of a verification.
 *
 * @param model the model directory
 * @param backend the backend
 * @param precision the precision on a CPU
 * @param preparedGraph whether ONNX Runtime runs the rewritten graph
 * @param asked whether the backend was asked for; else the embedder tells why the CPU computes, and
 *     what there
 */
record Subject(
    ModelDirectory model,
    BackendChoice backend,
    Precision precision,
    boolean preparedGraph,
    boolean asked) {

  /** The same directory, computed otherwise. */
  Subject on(BackendChoice otherBackend, Precision otherPrecision) {
    return new Subject(model, otherBackend, otherPrecision, preparedGraph, true);
  }

  /** The same directory's fp32 graph as it is, on ONNX Runtime. */
  Subject original() {
    return new Subject(model, BackendChoice.ONNX, Precision.FP32, false, true);
  }

  /** The same otherwise, with another description of the model. */
  Subject with(ModelDirectory otherModel) {
    return new Subject(otherModel, backend, precision, preparedGraph, asked);
  }

  /** Opens it; texts that are too long are cut. The caller closes it. */
  TextEmbedder open() {
    return TextEmbedder.builder()
        .model(model)
        .backend(asked || backend == BackendChoice.NEURON ? backend : BackendChoice.AUTO)
        .precision(precision)
        .preparedGraph(preparedGraph)
        .build();
  }
}
