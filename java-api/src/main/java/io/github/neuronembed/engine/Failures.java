package io.github.neuronembed.engine;

import io.github.neuronembed.DeadlineExceededException;
import io.github.neuronembed.DeviceFailureException;
import io.github.neuronembed.InferenceException;
import io.github.neuronembed.NotFiniteException;

/** The engine's own exceptions, and those of its threads for the thread that waited. */
final class Failures {

  private Failures() {}

  static DeadlineExceededException deadlineExceeded() {
    return new DeadlineExceededException("The deadline passed before the execution began.");
  }

  static IllegalStateException closed() {
    return new IllegalStateException("The embedder is closed.");
  }

  /** The same with this thread's stack, and the engine's as the cause. */
  static RuntimeException forCaller(RuntimeException failure) {
    String message = String.valueOf(failure.getMessage());
    if (failure instanceof DeadlineExceededException) {
      return new DeadlineExceededException(message, failure);
    }
    if (failure instanceof DeviceFailureException device) {
      return new DeviceFailureException(message, device.core(), failure);
    }
    if (failure instanceof NotFiniteException) {
      return new NotFiniteException(message, failure);
    }
    if (failure instanceof InferenceException inference) {
      return new InferenceException(message, inference.isRetryable(), failure);
    }
    if (failure instanceof IllegalStateException) {
      return new IllegalStateException(message, failure);
    }
    return failure;
  }
}
