package io.github.neuronembed.backend.neuron;

import io.github.neuronembed.BackendUnavailableException;
import io.github.neuronembed.DeviceFailureException;
import io.github.neuronembed.EmbeddingException;
import io.github.neuronembed.InferenceException;
import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.NotFiniteException;
import io.github.neuronembed.nrt.NrtException;
import io.github.neuronembed.nrt.NrtStatus;

/**
 * The only place that converts a failure of libnrt to an exception of this library, by its remedy.
 */
final class NeuronErrors {

  private NeuronErrors() {}

  /** libnrt could not be found or initialised. */
  static EmbeddingException atOpen(NrtException e) {
    String remedy =
        e.kind() == NrtException.Kind.UNAVAILABLE
            ? "; neuron-embed doctor shows what is missing on this machine."
            : "";
    return new BackendUnavailableException(
        "NeuronCores cannot be used: %s%s"
            .formatted(String.valueOf(e.getMessage()).replace("\n", "; "), remedy),
        e);
  }

  /** A runtime is open in this process. */
  static BackendUnavailableException inUse(IllegalStateException e) {
    return new BackendUnavailableException(
        "This process already has an open Neuron runtime, and a process can have"
            + " only one: share the embedder, or close it first.",
        e);
  }

  /** Something could not be released; the rest is freed with the runtime. */
  static EmbeddingException atClose(NrtException e) {
    if (e.kind() == NrtException.Kind.STATUS && e.statusClass().isDeviceFailure()) {
      return deviceFailure(e);
    }
    return new InferenceException(
        "The NeuronCores could not be released correctly: %s".formatted(e.getMessage()), false, e);
  }

  /** A model or a slot could not be created. */
  static EmbeddingException atLoad(NrtException e) {
    if (e.kind() == NrtException.Kind.STATUS
        && e.statusClass().isDeviceFailure()
        && !mayBeAnotherChips(e)) {
      return deviceFailure(e);
    }
    return new ModelLoadException(
        "The compiled model cannot be loaded: %s%s".formatted(e.getMessage(), loadRemedy(e)), e);
  }

  /** nrt_load also returns NRT_HW_ERROR for a NEFF for another chip. */
  private static boolean mayBeAnotherChips(NrtException e) {
    return e.status() == NrtStatus.NRT_HW_ERROR && e.operation().equals("nrt_load");
  }

  private static String loadRemedy(NrtException e) {
    if (e.kind() != NrtException.Kind.STATUS) {
      return "";
    }
    if (mayBeAnotherChips(e)) {
      return ". The file may be for another chip: inspect shows its target. If it is for this one,"
          + " the hardware failed: replace the instance (stop and start).";
    }
    return switch (e.statusClass()) {
      case VERSION -> ". Upgrade the Neuron runtime, or compile the model for the one installed.";
      case RESOURCES -> ". Load fewer shapes, or use fewer cores.";
      case CALLER_BUG -> ". The file may be for another chip, or damaged: inspect shows it.";
      default -> "";
    };
  }

  /** An execution failed. */
  static EmbeddingException atExecute(NrtException e) {
    if (e.kind() != NrtException.Kind.STATUS) {
      return new InferenceException(String.valueOf(e.getMessage()), false, e);
    }
    if (e.statusClass().isDeviceFailure()) {
      return deviceFailure(e);
    }
    if (e.status() == NrtStatus.NRT_EXEC_COMPLETED_WITH_NUM_ERR) {
      return new NotFiniteException(String.valueOf(e.getMessage()), e);
    }
    boolean retryable =
        switch (e.statusClass()) {
          case TRANSIENT, UNSPECIFIC -> true;
          default -> false;
        };
    return new InferenceException(String.valueOf(e.getMessage()), retryable, e);
  }

  private static DeviceFailureException deviceFailure(NrtException e) {
    String remedy =
        switch (e.statusClass()) {
          case HANG ->
              "Restart the process once; if it happens again, replace the instance (stop"
                  + " and start).";
          case CORE_DEAD ->
              "Restart the process; if that does not help, reload the driver or reboot.";
          case HARDWARE -> "Replace the instance (stop and start); results may have been wrong.";
          case HARDWARE_REPAIRABLE -> "Reload the driver or reboot: the hardware repairs itself.";
          default -> "Restart the process.";
        };
    return new DeviceFailureException(
        "%s. A retry on this core is useless. %s".formatted(e.getMessage(), remedy), e.core(), e);
  }
}
