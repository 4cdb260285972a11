package io.github.neuronembed.engine;

/** What the scheduler says to a group that is handed over. */
sealed interface Answer permits Lease, Answer.Waits, Answer.Refused {

  /** The group waits. */
  enum Waits implements Answer {
    /** It is admitted. */
    QUEUED,
    /** It waits for room, and will be admitted or be over. */
    IN_LINE
  }

  /**
   * Nothing of the group is admitted.
   *
   * @param reason made on the thread that asked
   * @param overload whether too much was waiting
   */
  record Refused(RuntimeException reason, boolean overload) implements Answer {}
}
