package io.github.neuronembed.advice;

import io.github.neuronembed.backend.Shape;

/** How long one NeuronCore takes for an execution of a shape. */
@FunctionalInterface
public interface DeviceTimes {

  /** Nanoseconds of an execution, above 0. */
  long nanos(Shape shape);
}
