package io.github.neuronembed.engine.core;

import io.github.neuronembed.backend.Shape;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** How long executions of a core take, by shape. Learning allocates nothing. */
public final class ServiceTimes {

  private final Map<Shape, long[]> nanos = new HashMap<>();

  public ServiceTimes(List<Shape> shapes) {
    shapes.forEach(shape -> nanos.put(shape, new long[1]));
  }

  /** How long an execution of the shape takes, 0 if never seen. */
  public long nanos(Shape shape) {
    long[] known = nanos.get(shape);
    return known == null ? 0 : known[0];
  }

  /** Follows a faster execution quickly and a slower one slowly: a late host is no slow device. */
  void learn(Shape shape, long observed) {
    long[] known = nanos.get(shape);
    if (known != null) {
      long next =
          known[0] == 0
              ? observed
              : known[0] + (observed - known[0]) / (observed < known[0] ? 2 : 16);
      known[0] = Math.max(1, next);
    }
  }
}
