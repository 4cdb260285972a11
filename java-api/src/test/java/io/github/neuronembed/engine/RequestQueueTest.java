package io.github.neuronembed.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.neuronembed.backend.Shape;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** The rules by which waiting requests are served, on arbitrary work. */
class RequestQueueTest {

  private static final List<Shape> SHAPES =
      List.of(new Shape(1, 8), new Shape(4, 8), new Shape(4, 32), new Shape(2, 128));
  private static final Buckets BUCKETS = new Buckets(SHAPES);

  private static Request request(Lane lane, int length, int rows) {
    int[][] ids = new int[rows][length];
    return new Request(
        ids,
        length * rows,
        BUCKETS.bucketOf(length),
        RequestOptions.of(lane),
        0,
        new Request.Outcome() {
          @Override
          public void vectors(float[][] vectors) {}

          @Override
          public void failure(RuntimeException reason) {}

          @Override
          public boolean isAbandoned() {
            return false;
          }
        });
  }

  private static Batch take(RequestQueue queue) {
    Request leader = Objects.requireNonNull(queue.leader(0, 0));
    Batch batch = new Batch();
    queue.take(leader, 0, shape -> 0, batch);
    return batch;
  }

  private static Lane lane(int seed) {
    return seed % 2 == 0 ? Lane.INTERACTIVE : Lane.BULK;
  }

  @Property(tries = 300)
  void everyRequestIsServedOnceInABatchThatFits(
      @ForAll boolean fixed,
      @ForAll @Size(min = 1, max = 60) List<@IntRange(min = 0, max = 10_000) Integer> seeds) {
    RequestQueue queue = new RequestQueue(BUCKETS, fixed, 0.25);
    for (int seed : seeds) {
      queue.add(request(lane(seed), 1 + seed % 128, 1 + seed % 2));
    }
    Set<Request> served = new HashSet<>();
    while (!queue.isEmpty()) {
      Request leader = queue.leader(0, 0);
      Batch batch = take(queue);
      assertThat(batch.requests).contains(leader);
      assertThat(batch.rows()).isLessThanOrEqualTo(batch.shape().batchSize());
      assertThat(batch.longest()).isLessThanOrEqualTo(batch.shape().sequenceLength());
      batch.requests.forEach(request -> assertThat(served.add(request)).isTrue());
    }
    assertThat(served).hasSize(seeds.size());
    assertThat(queue.tokens()).isZero();
  }

  @Property(tries = 200)
  void aLaneAndBucketIsServedInTheOrderOfArrival(
      @ForAll boolean fixed,
      @ForAll @Size(min = 1, max = 60) List<@IntRange(min = 0, max = 10_000) Integer> seeds) {
    RequestQueue queue = new RequestQueue(BUCKETS, fixed, 0.25);
    seeds.forEach(seed -> queue.add(request(lane(seed), 1 + seed % 128, 1)));
    List<Request> served = new ArrayList<>();
    while (!queue.isEmpty()) {
      served.addAll(take(queue).requests);
    }
    for (Lane lane : Lane.values()) {
      for (int bucket = 0; bucket < BUCKETS.count(); bucket++) {
        int of = bucket;
        assertThat(served.stream().filter(r -> r.lane == lane && r.bucket == of).toList())
            .isSortedAccordingTo(Comparator.comparingLong(r -> r.sequence));
      }
    }
  }

  /** Neither lane gets less than its part, but for what one execution is. */
  @Property(tries = 100)
  void whileBothLanesWaitBulkGetsItsShareAndNoMore(
      @ForAll @DoubleRange(min = 0.05, max = 0.8) double share,
      @ForAll @IntRange(min = 1, max = 32) int urgentLength,
      @ForAll @IntRange(min = 1, max = 32) int patientLength) {
    RequestQueue queue = new RequestQueue(BUCKETS, false, share);
    long bulk = 0;
    long all = 0;
    for (int i = 0; i < 400; i++) {
      while (queue.requests(Lane.INTERACTIVE) < 8) {
        queue.add(request(Lane.INTERACTIVE, urgentLength, 1));
      }
      while (queue.requests(Lane.BULK) < 8) {
        queue.add(request(Lane.BULK, patientLength, 1));
      }
      for (Request request : take(queue).requests) {
        bulk += request.lane == Lane.BULK ? request.tokens : 0;
        all += request.tokens;
      }
      assertThat((double) bulk).isBetween(share * all - 2 * 128, share * all + 2 * 128);
    }
  }

  /** The oldest leads its lane: however much comes later, what waits is served. */
  @Property(tries = 100)
  void nothingStarves(@ForAll @IntRange(min = 1, max = 128) int length, @ForAll boolean fixed) {
    RequestQueue queue = new RequestQueue(BUCKETS, fixed, 0.1);
    Request rare = request(Lane.BULK, length, 1);
    queue.add(rare);
    int batches = 0;
    while (rare.state == Request.State.QUEUED && batches < 2_000) {
      while (queue.requests(Lane.INTERACTIVE) < 8) {
        queue.add(request(Lane.INTERACTIVE, 8, 1));
      }
      while (queue.requests(Lane.BULK) < 8) {
        queue.add(request(Lane.BULK, 8, 1));
      }
      Batch batch = take(queue);
      batch.requests.forEach(request -> request.state = Request.State.RUNNING);
      batches++;
    }
    assertThat(rare.state).isEqualTo(Request.State.RUNNING);
  }
}
