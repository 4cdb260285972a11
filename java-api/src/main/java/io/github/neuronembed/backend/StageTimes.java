package io.github.neuronembed.backend;

/** How long the parts of the last execution of a slot took. */
public interface StageTimes {

  /** Nanoseconds of host-to-device transfer; 0 where there is none. */
  default long writeNanos() {
    return 0;
  }

  /** Nanoseconds of computing, including the wait for the core. */
  long executeNanos();

  /** Nanoseconds of device-to-host transfer; 0 where there is none. */
  default long readNanos() {
    return 0;
  }
}
