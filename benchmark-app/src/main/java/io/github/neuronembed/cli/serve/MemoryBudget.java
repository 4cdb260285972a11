package io.github.neuronembed.cli.serve;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Bytes of the heap that requests may take. What is large is let in up to three quarters, so that
 * there is room for what is small however much large work there is. Thread-safe.
 */
final class MemoryBudget {

  /** What is not larger than this is small. */
  static final int SMALL = 64 * 1024;

  private final long all;
  private final AtomicLong taken = new AtomicLong();

  /**
   * @param bytes all there is
   */
  MemoryBudget(long bytes) {
    this.all = bytes;
  }

  /** The most that one part may take. */
  long largest() {
    return all - all / 4;
  }

  /** What is taken at the moment. */
  long taken() {
    return taken.get();
  }

  /** A part of nothing, to be extended. */
  Part part() {
    return new Part();
  }

  /** A part of so many bytes; null if there is no room. */
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
   * What one request has taken. One thread extends it at a time; any thread may give it back, which
   * is done once.
   */
  final class Part implements AutoCloseable {
    private final AtomicBoolean closed = new AtomicBoolean();
    private final AtomicLong bytes = new AtomicLong();

    private Part() {}

    /** Takes more; false if there is no room, and then it is as it was. */
    boolean extend(long more) {
      if (!take(more, bytes.get() + more)) {
        return false;
      }
      bytes.addAndGet(more);
      return true;
    }

    /** Gives all of it back. Does nothing when that was done. */
    @Override
    public void close() {
      if (closed.compareAndSet(false, true)) {
        taken.addAndGet(-bytes.get());
      }
    }
  }
}
