package io.github.neuronembed.nrt;

import org.jspecify.annotations.Nullable;

/**
 * An error of libnrt, a model file or the machine. The message is one sentence that says what,
 * where and what to do; decide by {@link #kind()} and {@link #statusClass()}, never by the message.
 */
public final class NrtException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** {@link #core()} of a failure that concerns no core. */
  public static final int NO_CORE = -1;

  /** The source of the error. */
  public enum Kind {
    /** libnrt returned a status: see {@link #status()}. */
    STATUS,
    /** No native library, no usable libnrt, no NeuronCore, or a function that this libnrt lacks. */
    UNAVAILABLE,
    /** The file is not a NEFF that can be loaded here. */
    NEFF,
    /** The file cannot be read. */
    FILE,
    /** Host memory ran out. */
    MEMORY,
    /** An error in this library. */
    INTERNAL
  }

  /** The source of the error. */
  private final Kind kind;

  /** libnrt's number; 0 unless the kind is STATUS. */
  private final int statusNumber;

  /** The libnrt function; empty unless the kind is STATUS. */
  private final String operation;

  private final int core;

  NrtException(Kind kind, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.kind = kind;
    this.statusNumber = 0;
    this.operation = "";
    this.core = NO_CORE;
  }

  NrtException(String message, int statusNumber, String operation, int core) {
    super(message);
    this.kind = Kind.STATUS;
    this.statusNumber = statusNumber;
    this.operation = operation;
    this.core = core;
  }

  /** The source of the error. */
  public Kind kind() {
    return kind;
  }

  /**
   * libnrt's status.
   *
   * @return null for a number that its public headers do not have, and unless the kind is {@link
   *     Kind#STATUS}
   */
  public @Nullable NrtStatus status() {
    return kind == Kind.STATUS ? NrtStatus.ofNumber(statusNumber) : null;
  }

  /** libnrt's number, known or not; 0 unless the kind is {@link Kind#STATUS}. */
  public int statusNumber() {
    return statusNumber;
  }

  /**
   * What to do about the status.
   *
   * @return {@link StatusClass#UNSPECIFIC} for an unknown number, and unless the kind is {@link
   *     Kind#STATUS}
   */
  public StatusClass statusClass() {
    NrtStatus status = status();
    return status == null ? StatusClass.UNSPECIFIC : status.statusClass();
  }

  /** The libnrt function that failed, for example {@code nrt_execute}; empty if there is none. */
  public String operation() {
    return operation;
  }

  /** The NeuronCore concerned, counted within this process; {@link #NO_CORE} if none is. */
  public int core() {
    return core;
  }
}
