package io.github.neuronembed.engine;

/** What the scheduler has to do for a slot. */
sealed interface Next permits Lease, Next.WaitUntil {

  /** A time that never comes. */
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
