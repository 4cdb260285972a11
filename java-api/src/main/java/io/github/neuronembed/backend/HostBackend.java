package io.github.neuronembed.backend;

import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.IntStream;

/**
 * A backend that computes on the processors of this machine: every slot computes at once, and a
 * shape is an upper bound. It is closed after its slots.
 */
public abstract class HostBackend implements InferenceBackend {

  private final String name;
  private final List<Shape> shapes;
  private final int threads;
  private final List<Replica> replicas;
  private final ReentrantLock lifecycle = new ReentrantLock();
  private int openSlots;
  private boolean closed;

  /**
   * @param name for messages, with an article before it
   * @param shapes that every replica serves, at least one, in ascending order
   * @param replicas number of replicas, at least 1
   * @param threads threads that compute one execution, including the calling thread
   */
  protected HostBackend(String name, List<Shape> shapes, int replicas, int threads) {
    this.name = name;
    this.shapes = List.copyOf(shapes);
    this.threads = threads;
    this.replicas = IntStream.range(0, replicas).<Replica>mapToObj(HostReplica::new).toList();
  }

  /**
   * Allocates a slot.
   *
   * @param replica zero-based
   * @param shape one of {@link #shapes()}
   * @param whenClosed called once by the slot, see {@link HostSlot}; not if this call throws
   */
  protected abstract HostSlot newSlot(int replica, Shape shape, Runnable whenClosed);

  /** Unloads the model. Called once, when no slot is open. */
  protected abstract void unload();

  /** For descriptions: the number of threads of an execution, with its unit. */
  protected final String threads() {
    return threads + (threads == 1 ? " thread" : " threads");
  }

  @Override
  public final boolean emulated() {
    return false;
  }

  @Override
  public final List<Shape> shapes() {
    return shapes;
  }

  /** The number of executions, with this many threads each, that keeps all processors busy. */
  @Override
  public final int slotsPerReplica() {
    return Math.max(1, Runtime.getRuntime().availableProcessors() / threads);
  }

  @Override
  public final List<Replica> replicas() {
    return replicas;
  }

  @Override
  public final void close() {
    lifecycle.lock();
    try {
      if (closed) {
        return;
      }
      if (openSlots > 0) {
        throw new IllegalStateException(
            "%s slots of the %s are open: close them first.".formatted(openSlots, name));
      }
      closed = true;
      unload();
    } finally {
      lifecycle.unlock();
    }
  }

  private void slotOpened() {
    lifecycle.lock();
    try {
      if (closed) {
        throw new IllegalStateException("The %s is closed.".formatted(name));
      }
      openSlots++;
    } finally {
      lifecycle.unlock();
    }
  }

  private void slotClosed() {
    lifecycle.lock();
    try {
      openSlots--;
    } finally {
      lifecycle.unlock();
    }
  }

  private final class HostReplica implements Replica {
    private final int index;

    HostReplica(int index) {
      this.index = index;
    }

    @Override
    public int core() {
      return index;
    }

    @Override
    public ExecutionSlot newSlot(Shape shape) {
      if (!shapes.contains(shape)) {
        throw new IllegalArgumentException(
            "This backend serves no %s, only %s.".formatted(shape, shapes));
      }
      slotOpened();
      try {
        return HostBackend.this.newSlot(index, shape, HostBackend.this::slotClosed);
      } catch (RuntimeException | Error e) {
        slotClosed();
        throw e;
      }
    }
  }
}
