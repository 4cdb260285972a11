package io.github.neuronembed.engine;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/**
 * Decides what the queue has room for, and has bulk callers wait for it, in the order they came.
 * Belongs to the engine's lock.
 */
final class Door {

  private final ReentrantLock lock;
  private final RequestQueue queue;
  private final int maxRequests;
  private final long maxTokens;
  private final Deque<Condition> line = new ArrayDeque<>();

  /**
   * @param lock what queue and door belong to
   * @param options the bounds of each lane
   */
  Door(ReentrantLock lock, RequestQueue queue, EngineOptions options) {
    this.lock = lock;
    this.queue = queue;
    this.maxRequests = options.maxQueuedRequests();
    this.maxTokens = options.maxQueuedTokens();
  }

  /** Whether a request fits into its lane; into an empty one each does. */
  boolean hasRoom(Request request) {
    int requests = queue.requests(request.lane);
    return requests == 0
        || (requests < maxRequests && queue.tokens(request.lane) + request.tokens <= maxTokens);
  }

  /**
   * Waits in line until there is room: who came later does not overtake.
   *
   * @param nowNanos the engine's clock
   * @param checkOpen throws if the engine takes no more requests
   * @return whether there is room; false if the request's deadline passed
   */
  boolean await(Request request, LongSupplier nowNanos, Runnable checkOpen)
      throws InterruptedException {
    if (line.isEmpty() && hasRoom(request)) {
      return true;
    }
    Condition turn = lock.newCondition();
    line.addLast(turn);
    try {
      while (line.peekFirst() != turn || !hasRoom(request)) {
        if (request.deadlineNanos == Request.NO_DEADLINE) {
          turn.await();
        } else if (turn.awaitNanos(request.deadlineNanos - nowNanos.getAsLong()) <= 0) {
          return false;
        }
        checkOpen.run();
      }
      return true;
    } finally {
      line.remove(turn);
      roomMade();
    }
  }

  /** The queue got shorter, or the line did. */
  void roomMade() {
    Condition first = line.peekFirst();
    if (first != null) {
      first.signal();
    }
  }

  /** Everybody in line has to look whether the engine is still open. */
  void wakeAll() {
    line.forEach(Condition::signal);
  }
}
