package io.github.neuronembed.nrt;

import java.lang.ref.Cleaner;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import java.util.function.Function;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * The only access to a native handle. Calls run in parallel; closing waits for them, then releases
 * the handle, once. Thread-safe. Only for the packages of this module.
 *
 * @param <P> type of the handle
 */
public final class Gate<P extends Pointer> {

  /** System property: {@code true} keeps the stacks of creation and close for reports. */
  public static final String TRACE_PROPERTY = "neuronembed.native.trace";

  private static final System.Logger LOGGER = System.getLogger("io.github.neuronembed.nrt");
  private static final Cleaner CLEANER = Cleaner.create();

  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
  private final Life life;
  private @Nullable P handle; // guarded by lock

  /**
   * Takes ownership of the handle.
   *
   * @param owner the object to close; it is reported if it is not closed
   * @param name of the resource, for messages
   */
  public Gate(Object owner, String name, P handle) {
    this.handle = handle;
    this.life = new Life(name);
    CLEANER.register(owner, life);
  }

  /**
   * Lends the handle until {@link #exit()}, which the same thread calls in a {@code finally}. The
   * caller must not keep the handle, nor close this gate meanwhile. Allocates nothing as long as
   * one thread at a time is inside.
   *
   * @throws IllegalStateException if the gate is closed
   */
  public P enter() {
    lock.readLock().lock();
    P open = handle;
    if (open == null) {
      lock.readLock().unlock();
      throw closed();
    }
    return open;
  }

  /** Ends the access that {@link #enter()} began. */
  public void exit() {
    lock.readLock().unlock();
  }

  /**
   * Runs a call on the handle. The call must not keep the handle, nor close this gate.
   *
   * @throws IllegalStateException if the gate is closed
   */
  public <R> R call(Function<P, R> operation) {
    P open = enter();
    try {
      return operation.apply(open);
    } finally {
      exit();
    }
  }

  /**
   * Releases the handle, after the calls in flight. Does nothing if this was done already.
   *
   * @param destroy releases the handle; if it throws {@link IllegalStateException} the handle still
   *     exists and the gate stays open; after any other result the handle is released
   */
  public void close(Consumer<P> destroy) {
    lock.writeLock().lock();
    try {
      P open = handle;
      if (open == null) {
        return;
      }
      boolean gone = true;
      try {
        destroy.accept(open);
      } catch (IllegalStateException e) {
        gone = false;
        throw e;
      } finally {
        if (gone) {
          handle = null;
          life.end();
        }
      }
    } finally {
      lock.writeLock().unlock();
    }
  }

  private IllegalStateException closed() {
    return new IllegalStateException(life.name + " is closed.", life.closedAt);
  }

  /** Outlives the owner, to report an owner that was not closed. */
  private static final class Life implements Runnable {
    final String name;
    final @Nullable Throwable createdAt;
    volatile @Nullable Throwable closedAt;
    volatile boolean ended;

    Life(String name) {
      this.name = name;
      this.createdAt = trace("created here");
    }

    void end() {
      closedAt = trace("closed here");
      ended = true;
    }

    @Override
    public void run() {
      if (!ended) {
        LOGGER.log(
            System.Logger.Level.WARNING,
            name
                + " was not closed: its memory on the device stays allocated until the"
                + " process ends."
                + (createdAt == null
                    ? " Set " + TRACE_PROPERTY + "=true to see where it was created."
                    : ""),
            createdAt);
      }
    }

    private static @Nullable Throwable trace(String what) {
      return Boolean.getBoolean(TRACE_PROPERTY) ? new Throwable(what) : null;
    }
  }
}
