package io.github.neuronembed.nrt;

import io.github.neuronembed.nrt.bindings.NeuronCapi;

/** How the inputs get from a slot's memory to the device. */
public enum InputPath {
  /** One {@code nrt_tensor_write_batch} for all inputs. The default. */
  WRITE_BATCH(NeuronCapi.NEURON_PATH_WRITE_BATCH),
  /** One {@code nrt_tensor_write} per input. Works with every runtime. */
  WRITE(NeuronCapi.NEURON_PATH_WRITE),
  /** The inputs are slices of one tensor, filled by one {@code nrt_tensor_write}. */
  SLICES(NeuronCapi.NEURON_PATH_SLICES),
  /**
   * The memory is attached to the inputs. This does not avoid a copy: runtimes that accept it copy
   * in every execution, and from 2.32.31 on they are expected to reject it.
   */
  ATTACHED(NeuronCapi.NEURON_PATH_ATTACHED),
  /**
   * HOST tensors, one {@code nrt_tensor_write} per input. Deprecated by the vendor; 4 MB at most.
   */
  HOST(NeuronCapi.NEURON_PATH_HOST);

  private final int number;

  InputPath(int number) {
    this.number = number;
  }

  /** Number in the native core. */
  int number() {
    return number;
  }

  static InputPath ofNumber(int number) {
    for (InputPath path : values()) {
      if (path.number == number) {
        return path;
      }
    }
    throw new IllegalArgumentException("There is no input path " + number + ".");
  }
}
