package io.github.neuronembed.engine.queue;

import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.engine.core.ServiceTimes;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One text in each row. It takes the requests of the leader's lane and bucket, the oldest first,
 * and the shape that serves the most rows per unit of time. With fixed shapes, the remaining rows
 * cost nothing. Interactive requests fill them first, then bulk requests, of the same bucket and of
 * shorter ones.
 */
public final class PlainBatches implements BatchPolicy {

  /** The fixed cost of an execution, in tokens; for shapes that have no measured time. */
  private static final long TOKENS_PER_EXECUTION = 16;

  private final Buckets buckets;
  private final boolean fixedShapes;

  public PlainBatches(Buckets buckets, boolean fixedShapes) {
    this.buckets = buckets;
    this.fixedShapes = fixedShapes;
  }

  @Override
  public boolean isFull(Request leader, RequestQueue waiting) {
    int most = buckets.largestBatch(leader.bucket);
    return waiting.lane(leader.group().bulk).rows(leader.bucket, most) == most;
  }

  @Override
  public boolean fills(Request request) {
    return request.rows.length == buckets.largestBatch(request.bucket);
  }

  @Override
  public Shape shapeFor(Request request, ServiceTimes times) {
    return buckets.shapeFor(request.bucket, request.rows.length);
  }

  @Override
  public void choose(Request leader, RequestQueue waiting, ServiceTimes times, Batch batch) {
    int bucket = leader.bucket;
    LaneQueue lane = waiting.lane(leader.group().bulk);
    int rows = lane.rows(bucket, buckets.largestBatch(bucket));
    Shape shape =
        fixedShapes
            ? mostRowsInTime(bucket, rows, leader.rows.length, times)
            : buckets.shapeFor(bucket, rows);
    fill(batch, shape.batchSize(), lane, bucket);
    shape = buckets.shapeFor(bucket, batch.rows());
    batch.shape(shape);
    batch.ridersFollow();
    if (fixedShapes) {
      ride(batch, shape.batchSize(), waiting.lane(false), bucket, lane);
      ride(batch, shape.batchSize(), waiting.lane(true), bucket, lane);
    }
  }

  private static void ride(Batch batch, int most, LaneQueue lane, int bucket, LaneQueue leaders) {
    for (int shorter = lane == leaders ? bucket - 1 : bucket; shorter >= 0; shorter--) {
      fill(batch, most, lane, shorter);
    }
  }

  private static void fill(Batch batch, int most, LaneQueue lane, int bucket) {
    @Nullable Request next = lane.oldest(bucket);
    while (next != null && batch.rows() + next.rows.length <= most) {
      batch.add(next);
      next = LaneQueue.after(next);
    }
  }

  /** The shape of a bucket that serves the most rows per unit of time. */
  private Shape mostRowsInTime(int bucket, int waiting, int atLeast, ServiceTimes times) {
    List<Shape> shapes = buckets.shapes(bucket);
    boolean timed = true;
    for (int i = 0; i < shapes.size(); i++) {
      timed &= times.nanos(shapes.get(i)) > 0;
    }
    Shape best = buckets.shapeFor(bucket, atLeast);
    double bestRate = 0;
    for (int i = 0; i < shapes.size(); i++) {
      Shape shape = shapes.get(i);
      double cost = timed ? times.nanosToChooseBy(shape) : shape.tokens() + TOKENS_PER_EXECUTION;
      double rate = Math.min(waiting, shape.batchSize()) / cost;
      if (shape.batchSize() >= atLeast && rate > bestRate) {
        best = shape;
        bestRate = rate;
      }
    }
    return best;
  }
}
