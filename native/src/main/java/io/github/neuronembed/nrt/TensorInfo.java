package io.github.neuronembed.nrt;

import java.util.List;

/**
 * An input or output of a model.
 *
 * @param name as compiled, for example {@code input0}
 * @param shape dimensions, outermost first
 * @param sizeBytes bytes of the tensor
 * @param dtype libnrt's number of the element type; its meaning depends on the {@link
 *     RuntimeGeneration}, so derive the element size from {@code sizeBytes} and {@code shape}
 * @param regionOffsetBytes where the tensor starts in a slot's input or output memory, a multiple
 *     of 64
 */
public record TensorInfo(
    String name, List<Integer> shape, long sizeBytes, int dtype, long regionOffsetBytes) {

  /** Copies the shape. */
  public TensorInfo {
    shape = List.copyOf(shape);
  }

  /** Product of the dimensions. */
  public long elements() {
    long elements = 1;
    for (int dimension : shape) {
      elements = Math.multiplyExact(elements, Integer.toUnsignedLong(dimension));
    }
    return elements;
  }
}
