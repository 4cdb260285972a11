package io.github.neuronembed.nrt;

/** What to do about a status of libnrt. */
public enum StatusClass {
  /** Nothing. */
  SUCCESS,
  /** The call was wrong: fix the program, do not retry. */
  CALLER_BUG,
  /** The input was wrong or the output is not a number: fail the request. */
  BAD_DATA,
  /** Back-pressure: retry after a completion, a bounded number of times. */
  TRANSIENT,
  /** Too little memory or too few cores: fail the load. */
  RESOURCES,
  /** NEFF, runtime and driver do not fit each other: upgrade or compile again. */
  VERSION,
  /** No specific meaning, and every unknown number: fail the request; fatal if it continues. */
  UNSPECIFIC,
  /** The execution did not finish: restart the process once; then replace the instance. */
  HANG,
  /** The core needs at least a process restart, in severe cases a driver reload or a reboot. */
  CORE_DEAD,
  /** The hardware failed: stop using the core, replace the instance. */
  HARDWARE,
  /** The hardware can repair itself: stop using the core, reload the driver or reboot. */
  HARDWARE_REPAIRABLE,
  /** Collective operations, which this library does not use, and a full notification queue. */
  OTHER;

  /** Whether the core that returned such a status must not execute again. */
  public boolean isDeviceFailure() {
    return switch (this) {
      case HANG, CORE_DEAD, HARDWARE, HARDWARE_REPAIRABLE -> true;
      case SUCCESS, CALLER_BUG, BAD_DATA, TRANSIENT, RESOURCES, VERSION, UNSPECIFIC, OTHER -> false;
    };
  }
}
