package io.github.neuronembed;

/** What computes the vectors. */
public enum BackendChoice {
  /**
   * NeuronCores if the machine has them and the model is compiled for them; else, on the CPU,
   * {@link #CPU} if it supports the model, and {@link #ONNX} otherwise.
   */
  AUTO,

  /** ONNX Runtime on the CPU. */
  ONNX,

  /**
   * The native core's own encoder on the CPU, or a {@link BackendUnavailableException} that says
   * why it does not support this model here. It supports BERT models with a float32 ONNX file whose
   * graph is recognised, on x86-64 with AVX2 or better.
   */
  CPU,

  /** NeuronCores, or a {@link BackendUnavailableException} that says what is missing. */
  NEURON,

  /**
   * An emulated libnrt on this machine's CPU, for development and tests. Its figures say nothing
   * about a device.
   */
  EMULATOR
}
