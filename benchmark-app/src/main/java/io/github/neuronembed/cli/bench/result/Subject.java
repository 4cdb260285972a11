package io.github.neuronembed.cli.bench.result;

/**
 * What is measured.
 *
 * @param modelName the model
 * @param modelFile the file that is loaded
 * @param backend {@code onnx}, {@code neuron} or {@code emulator}
 * @param precision of the weights; {@code compiled} where the compiler decided, {@link
 *     #NOT_COMPUTED} where there are none
 * @param through {@code slots} or {@code engine}: what the workers call
 */
public record Subject(
    String modelName, String modelFile, String backend, String precision, String through) {

  /** The precision of an emulation that computes nothing. */
  public static final String NOT_COMPUTED = "none";

  /** Whether the model was computed. */
  public boolean isComputed() {
    return !precision.equals(NOT_COMPUTED);
  }
}
