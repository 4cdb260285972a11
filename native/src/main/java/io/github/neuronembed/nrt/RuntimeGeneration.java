package io.github.neuronembed.nrt;

import io.github.neuronembed.nrt.bindings.NeuronCapi;

/** The generation of a libnrt version. Each generation also has the changes of the earlier ones. */
public enum RuntimeGeneration {
  /** The library does not report its version. */
  UNKNOWN(NeuronCapi.NEURON_GENERATION_UNKNOWN),
  /** Before 2.30: {@link TensorInfo#dtype()} has the old numbers. */
  BEFORE_2_30(NeuronCapi.NEURON_GENERATION_BEFORE_2_30),
  /** From 2.30 (SDK 2.28): new numbers; transfers go through a bounce buffer by default. */
  FROM_2_30(NeuronCapi.NEURON_GENERATION_FROM_2_30),
  /** From 2.32.31 (SDK 2.30): transfers use the caller's memory directly by default. */
  FROM_2_32_31(NeuronCapi.NEURON_GENERATION_FROM_2_32_31),
  /** From 2.34.10 (SDK 2.32): the implicit asynchronous mode was removed. */
  FROM_2_34_10(NeuronCapi.NEURON_GENERATION_FROM_2_34_10),
  /** From 2.35 (SDK 2.33): a device profile reserves 64 MB more of each core's memory. */
  FROM_2_35(NeuronCapi.NEURON_GENERATION_FROM_2_35);

  private final int number;

  RuntimeGeneration(int number) {
    this.number = number;
  }

  static RuntimeGeneration ofNumber(int number) {
    for (RuntimeGeneration generation : values()) {
      if (generation.number == number) {
        return generation;
      }
    }
    return UNKNOWN;
  }
}
