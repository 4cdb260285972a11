package io.github.neuronembed;

/** What computes the vectors. */
public enum BackendChoice {
  /**
   * NeuronCores where the machine and the model directory have them; else, on the CPU, {@link #CPU}
   * where it computes the model at hand, and {@link #ONNX} elsewhere.
   */
  AUTO,

  /** ONNX Runtime on the CPU. */
  ONNX,

  /**
   * The native core's own encoder on the CPU, or a {@link BackendUnavailableException} that says
   * why it does not compute this model here: it takes BERT models with a float32 ONNX file that is
   * recognised, on x86-64 with AVX2 and better.
   */
  CPU,

  /** NeuronCores, or a {@link BackendUnavailableException} that says what is missing. */
  NEURON,

  /**
   * An emulated libnrt on this machine's CPU, for development and tests. Whatever is measured on it
   * says nothing about a device.
   */
  EMULATOR
}
