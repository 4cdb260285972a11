package io.github.neuronembed.engine.core;

import io.github.neuronembed.backend.Shape;
import java.util.List;

/** How long executions of a core take, by shape. Learning allocates nothing. */
public final class ServiceTimes {

  private final ByShape<long[]> nanos;

  public ServiceTimes(List<Shape> shapes) {
    this.nanos = new ByShape<>(shapes, () -> new long[1]);
  }

  /** How long an execution of the shape takes, 0 if never seen. */
  public long nanos(Shape shape) {
    return nanos.get(shape)[0];
  }

  /** Follows a faster execution quickly and a slower one slowly: a late host is no slow device. */
  void learn(Shape shape, long observed) {
    long[] known = nanos.get(shape);
    long next =
        known[0] == 0
            ? observed
            : known[0] + (observed - known[0]) / (observed < known[0] ? 2 : 16);
    known[0] = Math.max(1, next);
  }
}
