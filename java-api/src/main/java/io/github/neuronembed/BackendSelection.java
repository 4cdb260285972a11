package io.github.neuronembed;

import io.github.neuronembed.backend.InferenceBackend;
import io.github.neuronembed.backend.onnx.OnnxBackend;
import io.github.neuronembed.backend.onnx.OnnxOptions;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.Precision;

/**
 * A backend that was chosen and opened.
 *
 * @param backend the backend, owned by who asked for it
 * @param slotsPerReplica how many slots of each replica keep it busy
 */
record BackendSelection(InferenceBackend backend, int slotsPerReplica) {

  static BackendSelection open(ModelDirectory model, BackendChoice choice, Precision precision) {
    return switch (choice) {
      case AUTO, ONNX -> onnx(model, precision);
      case NEURON, EMULATOR ->
          throw new BackendUnavailableException("This build has no Neuron backend.");
    };
  }

  private static BackendSelection onnx(ModelDirectory model, Precision precision) {
    OnnxBackend backend =
        OnnxBackend.open(
            model.onnxFile(precision), model.padTokenId(), OnnxOptions.forModel(model.maxTokens()));
    return new BackendSelection(backend, Runtime.getRuntime().availableProcessors());
  }
}
