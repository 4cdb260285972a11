package io.github.neuronembed.backend.neuron;

import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.backend.ElementType;
import io.github.neuronembed.model.NeuronManifest.CompiledModel;
import io.github.neuronembed.nrt.NeuronModel;
import io.github.neuronembed.nrt.TensorInfo;
import java.util.List;

/**
 * Finds the tensors that a manifest names in a loaded model. Element types follow from sizes:
 * libnrt's own numbers for them have changed their meaning between releases.
 */
final class ModelTensors {

  private ModelTensors() {}

  /**
   * @throws ModelLoadException if the model does not match its manifest
   */
  static void check(NeuronModel model, CompiledModel compiled) {
    ElementType ids = idType(model, compiled, compiled.inputIds());
    int described = 1;
    if (compiled.isPacked()) {
      checkStarts(model, compiled);
      described++;
    }
    for (String name : List.of(compiled.attentionMask(), compiled.tokenTypeIds())) {
      if (!name.isEmpty()) {
        ElementType type = idType(model, compiled, name);
        if (type != ids) {
          throw new ModelLoadException(
              "%s: input %s is %s and %s is %s; all inputs are of one type: trace the model so."
                  .formatted(compiled.neff(), compiled.inputIds(), ids, name, type));
        }
        described++;
      }
    }
    if (model.inputs().size() != described) {
      throw new ModelLoadException(
          ("%s has %s inputs (%s), its manifest describes %s. Many inputs mean that the weights were"
                  + " not put into the file: compile it with inlined weights.")
              .formatted(
                  compiled.neff(),
                  model.inputs().size(),
                  model.inputs().stream().limit(5).map(TensorInfo::name).toList(),
                  described));
    }
    outputType(model, compiled);
  }

  /** They are int32, whatever the ids are. */
  private static void checkStarts(NeuronModel model, CompiledModel compiled) {
    TensorInfo tensor = model.inputs().get(input(model, compiled, compiled.starts()));
    long starts = (long) compiled.batchSize() * (compiled.textsPerRow() + 1);
    if (tensor.sizeBytes() != starts * ElementType.INT32.bytes()) {
      throw mismatch(compiled, tensor, "%s starts of 4 bytes".formatted(starts));
    }
  }

  /** Index of an input among the model's. */
  static int input(NeuronModel model, CompiledModel compiled, String name) {
    return index(model.inputs(), compiled, name);
  }

  /** Index of the output among the model's. */
  static int output(NeuronModel model, CompiledModel compiled) {
    return index(model.outputs(), compiled, compiled.output());
  }

  private static int index(List<TensorInfo> tensors, CompiledModel compiled, String name) {
    for (int i = 0; i < tensors.size(); i++) {
      if (tensors.get(i).name().equals(name)) {
        return i;
      }
    }
    throw new ModelLoadException(
        "%s has no tensor %s, which its manifest names; it has %s."
            .formatted(
                compiled.neff(), name, tensors.stream().limit(5).map(TensorInfo::name).toList()));
  }

  /** int32, or int64 if the model was traced with int64 examples (then 8 bytes per id). */
  static ElementType idType(NeuronModel model, CompiledModel compiled, String name) {
    TensorInfo tensor = model.inputs().get(input(model, compiled, name));
    long ids = (long) compiled.batchSize() * compiled.sequenceLength();
    for (ElementType type : List.of(ElementType.INT32, ElementType.INT64)) {
      if (tensor.sizeBytes() == ids * type.bytes()) {
        return type;
      }
    }
    throw mismatch(compiled, tensor, "%s ids of 4 or 8 bytes".formatted(ids));
  }

  /** float32 or bfloat16. */
  static ElementType outputType(NeuronModel model, CompiledModel compiled) {
    TensorInfo tensor = model.outputs().get(output(model, compiled));
    long numbers =
        (long) compiled.batchSize()
            * compiled.textsPerRow()
            * (compiled.pooled() ? 1 : compiled.sequenceLength())
            * compiled.hiddenSize();
    for (ElementType type : List.of(ElementType.FLOAT32, ElementType.BFLOAT16)) {
      if (tensor.sizeBytes() == numbers * type.bytes()) {
        return type;
      }
    }
    throw mismatch(compiled, tensor, "%s numbers of 4 or 2 bytes".formatted(numbers));
  }

  private static ModelLoadException mismatch(
      CompiledModel compiled, TensorInfo tensor, String expected) {
    return new ModelLoadException(
        "%s: tensor %s is %s with %s bytes; its manifest means %s. They do not belong together."
            .formatted(
                compiled.neff(), tensor.name(), tensor.shape(), tensor.sizeBytes(), expected));
  }
}
