package io.github.neuronembed.engine.core;

import io.github.neuronembed.backend.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/**
 * Something for each of a few shapes, in a row: executions come far between, and a hash table or a
 * tree is much code and memory to find cold.
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
   * What stands for a shape.
   *
   * @throws IllegalArgumentException if the shape is none of these
   */
  public T get(Shape shape) {
    for (int i = 0; i < shapes.length; i++) {
      if (shapes[i].equals(shape)) {
        return values.get(i);
      }
    }
    throw new IllegalArgumentException("No shape %s here.".formatted(shape));
  }

  /** Goes through all, in the order given. */
  public void forEach(BiConsumer<Shape, T> action) {
    for (int i = 0; i < shapes.length; i++) {
      action.accept(shapes[i], values.get(i));
    }
  }
}
