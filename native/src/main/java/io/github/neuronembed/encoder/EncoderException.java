package io.github.neuronembed.encoder;

import io.github.neuronembed.nrt.Native;
import io.github.neuronembed.nrt.NrtException;
import io.github.neuronembed.nrt.bindings.NeuronCapi;
import io.github.neuronembed.nrt.bindings.neuron_status;
import org.jspecify.annotations.Nullable;

/** The encoder, one of its files or this machine rejected a call. The message is one sentence. */
public final class EncoderException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** The kind of failure. */
  public enum Kind {
    /** A file cannot be read or written. */
    FILE,
    /** A prepared file is damaged, foreign or of another version: prepare it again. */
    PREPARED,
    /** This machine cannot run that kernel, or cannot load the native core. */
    UNAVAILABLE,
    /** There is not enough memory, or no thread available. */
    MEMORY,
    /** An error in the library. */
    INTERNAL
  }

  private final Kind kind;

  private EncoderException(Kind kind, @Nullable String message, @Nullable Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  private EncoderException(Kind kind, String message) {
    this(kind, message, null);
  }

  /** The native core cannot be loaded. */
  static EncoderException unavailable(NrtException e) {
    return new EncoderException(Kind.UNAVAILABLE, e.getMessage(), e);
  }

  /** The kind of failure. */
  public Kind kind() {
    return kind;
  }

  /**
   * Throws the exception of a status.
   *
   * @throws IllegalArgumentException for an invalid argument
   * @throws IllegalStateException if the resource is in use or has dependents
   * @throws EncoderException for everything else that is not success
   */
  static void check(neuron_status status) {
    if (status.kind() != NeuronCapi.NEURON_OK) {
      throw failure(status);
    }
  }

  static RuntimeException failure(neuron_status status) {
    String message = Native.text(status.message());
    return switch (status.kind()) {
      case NeuronCapi.NEURON_ERROR_ARGUMENT -> new IllegalArgumentException(message);
      case NeuronCapi.NEURON_ERROR_STATE -> new IllegalStateException(message);
      case NeuronCapi.NEURON_ERROR_FILE -> new EncoderException(Kind.FILE, message);
      case NeuronCapi.NEURON_ERROR_PREPARED -> new EncoderException(Kind.PREPARED, message);
      case NeuronCapi.NEURON_ERROR_UNAVAILABLE -> new EncoderException(Kind.UNAVAILABLE, message);
      case NeuronCapi.NEURON_ERROR_MEMORY -> new EncoderException(Kind.MEMORY, message);
      default -> new EncoderException(Kind.INTERNAL, message);
    };
  }
}
