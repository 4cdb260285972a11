package io.github.neuronembed.engine;

import io.github.neuronembed.engine.queue.Group;
import io.github.neuronembed.engine.queue.Request;
import java.util.List;

/** A group of the simulation, with the simulation's own records about it. */
final class SimulatedGroup extends Group {

  /** Its place in the list of those that may be withdrawn. */
  int liveIndex = -1;

  boolean admitted;
  boolean ended;
  int requestsEnded;

  /** When it was admitted: how often its lane's oldest had led, and requests that might lead. */
  long ledBefore;

  long ahead;

  /** Its first request's number in the order of admission. */
  long arrival;

  SimulatedGroup(
      List<Request> requests, boolean bulk, boolean waits, long madeNanos, long deadlineNanos) {
    super(requests, bulk, waits, true, madeNanos, deadlineNanos);
  }

  static SimulatedGroup of(Request request) {
    return (SimulatedGroup) request.group();
  }
}
