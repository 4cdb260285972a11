package io.github.neuronembed;

/** What computes the vectors. */
public enum BackendChoice {
  /** NeuronCores where the machine and the model directory have them, else ONNX Runtime. */
  AUTO,

  /** ONNX Runtime on the CPU. */
  ONNX,

  /** NeuronCores, or a {@link BackendUnavailableException} that says what is missing. */
  NEURON,

  /**
   * An emulated libnrt on this machine's CPU, for development and tests. Whatever is measured on it
   * says nothing about a device.
   */
  EMULATOR
}
