package io.github.neuronembed.engine.queue;

import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.engine.core.ServiceTimes;

/**
 * Chooses a batch from the waiting requests, and a shape for it. Only this part differs for a
 * backend with other kinds of shapes. Lanes, shares, ages and deadlines are in the queue.
 */
public interface BatchPolicy {

  /**
   * Chooses the requests of the next execution and its shape.
   *
   * @param leader the oldest of its lane and bucket; the batch must contain it
   * @param waiting the waiting requests, the leader included; this method only reads it, and the
   *     queue then removes the requests of the batch
   * @param times of the core that is to execute
   * @param batch empty; receives the requests that decide on the shape, then the shape, then, after
   *     a call of {@link Batch#ridersFollow()}, the requests that fill the remaining space
   */
  void choose(Request leader, RequestQueue waiting, ServiceTimes times, Batch batch);

  /**
   * Whether enough other requests wait to execute the first request of a lane and bucket at once.
   */
  boolean isFull(Request leader, RequestQueue waiting);

  /** Whether a request leaves no space for another request in any shape. */
  boolean fills(Request request);

  /**
   * The shape for a request that is executed without others.
   *
   * @param times of the core that is to execute
   */
  Shape shapeFor(Request request, ServiceTimes times);
}
