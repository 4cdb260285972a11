package io.github.neuronembed.engine.queue;

import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.engine.core.ServiceTimes;

/**
 * How a batch is chosen from what waits, and a shape for it: the one piece that a backend with
 * other shapes replaces. Lanes, shares, ages and deadlines are the queue's.
 */
public interface BatchPolicy {

  /**
   * Chooses the requests of the next execution and its shape.
   *
   * @param leader the oldest of its lane and bucket; has to be in the batch
   * @param waiting what waits, the leader too; only read, it takes out what the batch has
   * @param times of the core that is to execute
   * @param batch empty; receives the requests that decide on the shape, the shape, and behind
   *     {@link Batch#ridersFollow()} those that fill what room is left
   */
  void choose(Request leader, RequestQueue waiting, ServiceTimes times, Batch batch);

  /** Whether a request at the head of its lane and bucket has enough company to go at once. */
  boolean isFull(Request leader, RequestQueue waiting);

  /** Whether a request leaves no room for company, whatever its shape. */
  boolean fills(Request request);

  /**
   * The shape for a request that goes alone.
   *
   * @param times of the core that is to execute
   */
  Shape shapeFor(Request request, ServiceTimes times);
}
