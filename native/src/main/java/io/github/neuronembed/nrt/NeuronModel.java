package io.github.neuronembed.nrt;

import io.github.neuronembed.nrt.bindings.NeuronCapi;
import io.github.neuronembed.nrt.bindings.neuron_model;
import io.github.neuronembed.nrt.bindings.neuron_status;
import io.github.neuronembed.nrt.bindings.neuron_tensor_info;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** One compiled model on one NeuronCore. Thread-safe. */
public final class NeuronModel implements AutoCloseable {

  private final NeuronRuntime runtime;
  private final Path file;
  private final int core;
  private final Gate<neuron_model> gate;
  private final List<TensorInfo> inputs;
  private final List<TensorInfo> outputs;
  private final long inputRegionBytes;
  private final long outputRegionBytes;

  NeuronModel(NeuronRuntime runtime, Path file, int core, neuron_model handle) {
    this.runtime = runtime;
    this.file = file;
    this.core = core;
    this.inputs = tensors(handle, NeuronCapi.NEURON_INPUT);
    this.outputs = tensors(handle, NeuronCapi.NEURON_OUTPUT);
    this.inputRegionBytes =
        NeuronCapi.neuron_model_get_region_size(handle, NeuronCapi.NEURON_INPUT);
    this.outputRegionBytes =
        NeuronCapi.neuron_model_get_region_size(handle, NeuronCapi.NEURON_OUTPUT);
    this.gate = new Gate<>(this, "Model %s on core %s".formatted(file.getFileName(), core), handle);
  }

  private static List<TensorInfo> tensors(neuron_model handle, int direction) {
    int count = NeuronCapi.neuron_model_get_tensor_count(handle, direction);
    neuron_status status = Native.status();
    neuron_tensor_info info = Native.struct(neuron_tensor_info.class, neuron_tensor_info::new);
    List<TensorInfo> tensors = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      NeuronCapi.neuron_model_get_tensor(handle, direction, i, info, status);
      Native.check(status);
      List<Integer> shape = new ArrayList<>(info.rank());
      for (int dimension = 0; dimension < info.rank(); dimension++) {
        shape.add(info.shape().get(dimension));
      }
      tensors.add(
          new TensorInfo(
              Native.text(info.name()), shape, info.size(), info.dtype(), info.region_offset()));
    }
    return List.copyOf(tensors);
  }

  /** The runtime it is loaded in. */
  public NeuronRuntime runtime() {
    return runtime;
  }

  /** The NEFF file it was loaded from. */
  public Path file() {
    return file;
  }

  /** Index of its core within this process. */
  public int core() {
    return core;
  }

  /** Inputs, in libnrt's order. */
  public List<TensorInfo> inputs() {
    return inputs;
  }

  /** Outputs, in libnrt's order. */
  public List<TensorInfo> outputs() {
    return outputs;
  }

  /**
   * Builds a slot: tensors on the device and memory on the host for one execution at a time. The
   * first slot with an input path probes whether the path works with this model and runtime; for
   * paths other than {@link InputPath#WRITE_BATCH} and {@link InputPath#WRITE} it executes the
   * model a few times. A path that does not work is replaced, see {@link NeuronSlot#inputPath()}.
   *
   * @param inputPath the requested path
   * @return the slot, owned by the caller, who closes it before this model
   * @throws IllegalStateException if the model is closed
   * @throws NrtException if libnrt has too little memory, or the core has failed
   */
  public NeuronSlot newSlot(InputPath inputPath) {
    return gate.call(
        model -> NeuronSlot.create(this, model, inputPath, inputRegionBytes, outputRegionBytes));
  }

  /**
   * Unloads the model, after the calls in flight. Does nothing if it is closed.
   *
   * @throws IllegalStateException if slots exist; the model then stays loaded
   * @throws NrtException if libnrt fails to unload it; it is still closed
   */
  @Override
  public void close() {
    // Before the handle is given up: without memory for it, the handle would be lost.
    neuron_status status = Native.status();
    gate.close(
        model -> {
          NeuronCapi.neuron_model_unload(model, status);
          Native.check(status);
        });
  }
}
