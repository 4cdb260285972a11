package io.github.neuronembed.engine;

import io.github.neuronembed.EmbeddingException;
import io.github.neuronembed.InferenceException;
import io.github.neuronembed.engine.core.Slot;
import io.github.neuronembed.engine.queue.Batch;
import org.jspecify.annotations.Nullable;

/**
 * A slot and the batch to execute on it. While it is in use, its batch and its result belong to the
 * one thread that executes it; then it always returns to the scheduler. Without success it counts
 * as failed.
 */
final class Lease implements Answer, Next {

  final Slot slot;
  final Batch batch;

  /** Set if a lease could not be returned: another thread returns it. */
  volatile boolean abandoned;

  private boolean out;
  private boolean success;
  private @Nullable RuntimeException failure;
  private @Nullable RuntimeException spoiled;
  private long writeNanos;
  private long nanos;
  private int computedTokens;

  Lease(Slot slot, Batch batch) {
    this.slot = slot;
    this.batch = batch;
  }

  void begin() {
    if (out) {
      throw new IllegalStateException("The lease is out.");
    }
    abandoned = false;
    success = false;
    failure = null;
    spoiled = null;
    writeNanos = 0;
    nanos = 0;
    computedTokens = 0;
    out = true;
  }

  void end() {
    if (!out) {
      throw new IllegalStateException("The lease is not out.");
    }
    out = false;
  }

  boolean isOut() {
    return out;
  }

  /**
   * The execution returned vectors.
   *
   * @param written nanoseconds of host-to-device transfer
   * @param took nanoseconds of it all
   * @param computed tokens, padding included
   * @param notFinite why the requests that are {@link
   *     io.github.neuronembed.engine.queue.Request#spoiled} have no vectors; null if none is
   */
  void succeeded(long written, long took, int computed, @Nullable RuntimeException notFinite) {
    writeNanos = written;
    nanos = took;
    computedTokens = computed;
    spoiled = notFinite;
    success = true;
  }

  /** The execution failed. */
  void failed(Throwable reason) {
    success = false;
    failure =
        reason instanceof EmbeddingException typed
            ? typed
            : new InferenceException("The execution failed: " + reason, false, reason);
  }

  /** Why it failed; null if it did not. */
  @Nullable RuntimeException failure() {
    if (success) {
      return null;
    }
    return failure != null
        ? failure
        : new InferenceException("The execution was left without an end.", false);
  }

  @Nullable RuntimeException spoiled() {
    return spoiled;
  }

  long writeNanos() {
    return writeNanos;
  }

  /** Nanoseconds of the execution, from the first id written to the last vector read. */
  long nanos() {
    return nanos;
  }

  /** Tokens that were computed, including padding. */
  int computedTokens() {
    return computedTokens;
  }
}
