package io.github.neuronembed.engine.core;

import io.github.neuronembed.backend.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/**
 * A value for each of a few shapes, in an array. Executions are far apart in time, so the code and
 * memory of a hash table or a tree would often not be in the processor's cache.
 */
public final class ByShape<T> {

  private final Shape[] shapes;
  private final List<T> values;

  /**
   * @param shapes without repetition
   * @param made called for each
   */
  public ByShape(List<Shape> shapes, Supplier<T> made) {
    this.shapes = shapes.toArray(new Shape[0]);
    this.values = new ArrayList<>(shapes.size());
    for (int i = 0; i < this.shapes.length; i++) {
      values.add(made.get());
    }
  }

  /**
   * The value for a shape.
   *
   * @throws IllegalArgumentException if the shape is not one of these
   */
  public T get(Shape shape) {
    for (int i = 0; i < shapes.length; i++) {
      if (shapes[i].equals(shape)) {
        return values.get(i);
      }
    }
    throw new IllegalArgumentException("No shape %s here.".formatted(shape));
  }

  /** Calls the action for all of them, in the order given. */
  public void forEach(BiConsumer<Shape, T> action) {
    for (int i = 0; i < shapes.length; i++) {
      action.accept(shapes[i], values.get(i));
    }
  }
}
