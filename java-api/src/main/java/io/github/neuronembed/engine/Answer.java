package io.github.neuronembed.engine;

/** The scheduler's decision about a group that was handed over. */
sealed interface Answer permits Lease, Answer.Waits, Answer.Refused {

  /** The group waits. */
  enum Waits implements Answer {
    /** It is admitted. */
    QUEUED,
    /** It waits for space in the queue, and will later be admitted or end. */
    IN_LINE
  }

  /**
   * Nothing of the group is admitted.
   *
   * @param reason made on the calling thread
   * @param overload whether the queue was full
   */
  record Refused(RuntimeException reason, boolean overload) implements Answer {}
}
