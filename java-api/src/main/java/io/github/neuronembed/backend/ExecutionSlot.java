package io.github.neuronembed.backend;

/**
 * Preallocated input and output of one replica. One execution is: {@link #tokens()}{@code .begin},
 * {@code row} for each row, {@code .finish}, then {@link #execute()}, then {@link #output()}. A
 * slot is used by one thread at a time; handing it over needs a happens-before edge. Different
 * slots are independent, also on one replica. Buffers are allocated once, with the slot.
 */
public interface ExecutionSlot extends AutoCloseable {

  /** The shape this slot was allocated for. */
  Shape shape();

  /** The input, written in place. Valid until the slot is closed. */
  TokenBatch tokens();

  /**
   * Runs the model on the tokens, and blocks until the output can be read.
   *
   * @throws IllegalStateException if the slot is closed, or the batch is not finished
   * @throws io.github.neuronembed.InferenceException if this execution failed
   * @throws io.github.neuronembed.DeviceFailureException if the core cannot execute any more
   */
  void execute();

  /** The output of the last successful {@link #execute()}. Valid until the next one. */
  TokenVectors output();

  /** Times of the last successful {@link #execute()}. Valid until the next one. */
  StageTimes stageTimes();

  /** Frees the buffers; waits for a running execution. Does nothing when it is closed already. */
  @Override
  void close();
}
