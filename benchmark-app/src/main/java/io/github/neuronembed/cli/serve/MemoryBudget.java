package io.github.neuronembed.cli.serve;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Bytes of the heap that requests may take. Large parts may fill only three quarters, so that there
 * is always space for small ones. Thread-safe.
 */
final class MemoryBudget {

  /** A part up to this size is small. */
  static final int SMALL = 64 * 1024;

  private final long all;
  private final AtomicLong taken = new AtomicLong();

  /**
   * @param bytes the whole budget
   */
  MemoryBudget(long bytes) {
    this.all = bytes;
  }

  /** The most that one part may take. */
  long largest() {
    return all - all / 4;
  }

  /** The bytes that are taken now. */
  long taken() {
    return taken.get();
  }

  /** An empty part, to be extended. */
  Part part() {
    return new Part();
  }

  /** A part of this many bytes; null if there is not enough left. */
  @Nullable Part part(long bytes) {
    Part part = new Part();
    return part.extend(bytes) ? part : null;
  }

  private boolean take(long bytes, long whole) {
    long most = whole > SMALL ? largest() : all;
    long now = taken.get();
    while (bytes <= most - now) {
      long seen = taken.compareAndExchange(now, now + bytes);
      if (seen == now) {
        return true;
      }
      now = seen;
    }
    return false;
  }

  /**
   * The bytes that one request has taken. Only one thread at a time extends it. Any thread may give
   * it back; only the first time has an effect.
   */
  final class Part implements AutoCloseable {
    private final AtomicBoolean closed = new AtomicBoolean();
    private final AtomicLong bytes = new AtomicLong();

    private Part() {}

    /** Takes more; returns false and changes nothing if there is not enough left. */
    boolean extend(long more) {
      if (!take(more, bytes.get() + more)) {
        return false;
      }
      bytes.addAndGet(more);
      return true;
    }

    /** Gives all of it back. Does nothing if that was already done. */
    @Override
    public void close() {
      if (closed.compareAndSet(false, true)) {
        taken.addAndGet(-bytes.get());
      }
    }
  }
}
