package io.github.neuronembed.engine.queue;

import io.github.neuronembed.backend.FirstFit;
import io.github.neuronembed.backend.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The lengths that a backend serves, in ascending order, and the shapes of each length. Immutable.
 */
public final class Buckets {

  private final int[] lengths;
  private final List<List<Shape>> shapes;
  private final boolean packed;

  public Buckets(List<Shape> all) {
    TreeMap<Integer, TreeSet<Shape>> byLength = new TreeMap<>();
    for (Shape shape : all) {
      byLength.computeIfAbsent(shape.sequenceLength(), length -> new TreeSet<>()).add(shape);
    }
    this.packed = all.stream().anyMatch(Shape::isPacked);
    this.lengths = byLength.keySet().stream().mapToInt(Integer::intValue).toArray();
    List<List<Shape>> lists = new ArrayList<>();
    byLength.values().forEach(ofLength -> lists.add(List.copyOf(ofLength)));
    this.shapes = List.copyOf(lists);
  }

  public int count() {
    return lengths.length;
  }

  /** Whether a shape is packed. */
  public boolean arePacked() {
    return packed;
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
   * @throws IllegalArgumentException if no bucket does
   */
  public int bucketOf(int tokens) {
    for (int bucket = 0; bucket < lengths.length; bucket++) {
      if (tokens <= lengths[bucket]) {
        return bucket;
      }
    }
    throw new IllegalArgumentException(
        "A row of %s tokens does not fit: the longest supported length is %s."
            .formatted(tokens, longest()));
  }

  /**
   * The bucket of rows that are executed together: the bucket of the longest row, or, with packed
   * shapes, the shortest bucket from there on that has a shape for all the rows.
   *
   * @param rows at least one
   * @throws IllegalArgumentException if no shape holds them
   */
  public int bucketOf(int[][] rows) {
    int longest = 0;
    for (int[] row : rows) {
      longest = Math.max(longest, row.length);
    }
    int bucket = bucketOf(longest);
    if (rows.length == 1) {
      return bucket;
    }
    int last = packed ? lengths.length - 1 : bucket;
    for (int at = bucket; at <= last; at++) {
      for (Shape shape : shapes.get(at)) {
        if (new FirstFit(shape).place(rows)) {
          return at;
        }
      }
    }
    throw new IllegalArgumentException(
        "%s rows of up to %s tokens do not fit in one execution of %s."
            .formatted(rows.length, longest, shapes.subList(bucket, last + 1)));
  }

  /** The most rows that one execution of a plain bucket takes. */
  public int largestBatch(int bucket) {
    List<Shape> ofBucket = shapes.get(bucket);
    return ofBucket.get(ofBucket.size() - 1).batchSize();
  }

  /** The smallest shape of a plain bucket that holds this many rows. */
  public Shape shapeFor(int bucket, int rows) {
    for (Shape shape : shapes.get(bucket)) {
      if (rows <= shape.batchSize()) {
        return shape;
      }
    }
    throw new IllegalArgumentException(
        "%s rows do not fit in one execution, only %s.".formatted(rows, largestBatch(bucket)));
  }

  /** The most texts of any shape. */
  public int mostTexts() {
    int most = 0;
    for (List<Shape> ofBucket : shapes) {
      for (Shape shape : ofBucket) {
        most = Math.max(most, shape.texts());
      }
    }
    return most;
  }
}
