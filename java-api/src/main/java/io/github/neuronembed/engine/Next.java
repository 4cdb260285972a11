package io.github.neuronembed.engine;

/** The scheduler's next action for a slot. */
sealed interface Next permits Lease, Next.WaitUntil {

  /** A time that is never reached. */
  long NEVER = Long.MAX_VALUE;

  /** Nothing, until something happens. */
  WaitUntil FOR_AN_EVENT = new WaitUntil(NEVER);

  /**
   * Nothing before a time, unless something happens.
   *
   * @param nanos on the engine's clock
   */
  record WaitUntil(long nanos) implements Next {}
}
