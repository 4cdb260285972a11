package io.github.neuronembed.engine.queue;

import io.github.neuronembed.backend.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/** The lengths that a backend serves, ascending, and the batch sizes of each. Immutable. */
public final class Buckets {

  private final int[] lengths;
  private final List<List<Shape>> shapes;

  public Buckets(List<Shape> all) {
    TreeMap<Integer, TreeMap<Integer, Shape>> byLength = new TreeMap<>();
    for (Shape shape : all) {
      byLength
          .computeIfAbsent(shape.sequenceLength(), length -> new TreeMap<>())
          .put(shape.batchSize(), shape);
    }
    this.lengths = byLength.keySet().stream().mapToInt(Integer::intValue).toArray();
    List<List<Shape>> lists = new ArrayList<>();
    byLength.values().forEach(byBatch -> lists.add(List.copyOf(byBatch.values())));
    this.shapes = List.copyOf(lists);
  }

  public int count() {
    return lengths.length;
  }

  /** The shapes of a bucket, by batch size. */
  public List<Shape> shapes(int bucket) {
    return shapes.get(bucket);
  }

  /** The length of a bucket's rows. */
  public int length(int bucket) {
    return lengths[bucket];
  }

  /** The longest row that can be served. */
  public int longest() {
    return lengths[lengths.length - 1];
  }

  /**
   * The bucket with the shortest length that holds a row.
   *
   * @throws IllegalArgumentException if none does
   */
  public int bucketOf(int tokens) {
    for (int bucket = 0; bucket < lengths.length; bucket++) {
      if (tokens <= lengths[bucket]) {
        return bucket;
      }
    }
    throw new IllegalArgumentException(
        "A row of %s tokens does not fit: the longest length that is served is %s."
            .formatted(tokens, longest()));
  }

  /** The most rows that one execution of a bucket takes. */
  public int largestBatch(int bucket) {
    List<Shape> ofBucket = shapes.get(bucket);
    return ofBucket.get(ofBucket.size() - 1).batchSize();
  }

  /** The smallest shape of a bucket that holds so many rows. */
  public Shape shapeFor(int bucket, int rows) {
    for (Shape shape : shapes.get(bucket)) {
      if (rows <= shape.batchSize()) {
        return shape;
      }
    }
    throw new IllegalArgumentException(
        "%s rows do not fit in one execution, only %s.".formatted(rows, largestBatch(bucket)));
  }

  /** The most rows of any shape. */
  public int largestBatch() {
    int most = 0;
    for (int bucket = 0; bucket < lengths.length; bucket++) {
      most = Math.max(most, largestBatch(bucket));
    }
    return most;
  }
}
