package io.github.neuronembed.backend.cpu;

import io.github.neuronembed.BackendUnavailableException;
import io.github.neuronembed.InferenceException;
import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.encoder.EncoderException;

/** The only place that converts a failure of the native encoder to an exception of this library. */
final class CpuErrors {

  private CpuErrors() {}

  /** A prepared file could not be made or opened. */
  static BackendUnavailableException atOpen(String what, RuntimeException e) {
    return new BackendUnavailableException(
        "the encoder of the native core cannot run %s: %s".formatted(what, e.getMessage()), e);
  }

  /** There is no memory for a slot. */
  static ModelLoadException noMemory(Shape shape, String remedy, Throwable e) {
    return new ModelLoadException(
        "There is no memory for a slot of %s (%s): %s, or use fewer slots."
            .formatted(shape, e.getMessage(), remedy),
        e);
  }

  /** An execution failed. There is no reason to expect that a retry succeeds. */
  static InferenceException atRun(EncoderException e) {
    return new InferenceException(
        "The encoder could not run the model (%s: %s)".formatted(e.kind(), e.getMessage()),
        e.kind() == EncoderException.Kind.MEMORY,
        e);
  }
}
