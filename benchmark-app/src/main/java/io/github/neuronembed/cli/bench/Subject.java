package io.github.neuronembed.cli.bench;

import org.jspecify.annotations.Nullable;

/**
 * What is measured.
 *
 * @param modelName the model
 * @param modelFile the file that is loaded
 * @param backend {@code onnx}, {@code neuron} or {@code emulator}
 * @param precision of the weights; {@code compiled} where the compiler decided, {@link
 *     #NOT_COMPUTED} where there are none
 * @param through {@code slots} or {@code engine}: what the workers call
 * @param size of the model's encoder; null if it is not known
 */
record Subject(
    String modelName,
    String modelFile,
    String backend,
    String precision,
    String through,
    @Nullable EncoderSize size) {

  /** The precision of an emulation that computes nothing. */
  static final String NOT_COMPUTED = "none";

  /** Whether the model was computed. */
  boolean isComputed() {
    return !precision.equals(NOT_COMPUTED);
  }
}
