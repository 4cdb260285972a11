package io.github.neuronembed.engine.queue;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.engine.core.ServiceTimes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import net.jqwik.api.Example;
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

  private static final ServiceTimes UNTIMED = new ServiceTimes(SHAPES);

  private static RequestQueue queue(boolean fixed, double share) {
    return new RequestQueue(
        BUCKETS, new PlainBatches(BUCKETS, fixed), share, Integer.MAX_VALUE, Long.MAX_VALUE);
  }

  private static Request request(int length, int rows) {
    return new Request(new int[rows][length], BUCKETS.bucketOf(length));
  }

  private static Request add(RequestQueue queue, boolean bulk, int length, int rows) {
    Request request = request(length, rows);
    Group group = new Group(List.of(request), bulk, false, true, 0, Group.NO_DEADLINE);
    assertThat(queue.offer(group, false)).isEqualTo(RequestQueue.Entry.ADMITTED);
    return request;
  }

  private static List<Request> take(RequestQueue queue) {
    Request leader = Objects.requireNonNull(queue.leader(0, 0));
    Batch batch = new Batch(BUCKETS.mostTexts());
    queue.take(leader, UNTIMED, batch);
    List<Request> taken = new ArrayList<>();
    for (int i = 0; i < batch.size(); i++) {
      taken.add(batch.request(i));
    }
    assertThat(taken).contains(leader);
    assertThat(batch.rows()).isLessThanOrEqualTo(batch.shape().batchSize());
    assertThat(batch.longest()).isLessThanOrEqualTo(batch.shape().sequenceLength());
    return taken;
  }

  @Property(tries = 300)
  void everyRequestIsServedOnceInABatchThatFits(
      @ForAll boolean fixed,
      @ForAll @Size(min = 1, max = 60) List<@IntRange(min = 0, max = 10_000) Integer> seeds) {
    RequestQueue queue = queue(fixed, 0.25);
    for (int seed : seeds) {
      add(queue, seed % 2 == 1, 1 + seed % 128, 1 + seed % 2);
    }
    Set<Request> served = new HashSet<>();
    while (!queue.isEmpty()) {
      take(queue).forEach(request -> assertThat(served.add(request)).isTrue());
    }
    assertThat(served).hasSize(seeds.size());
    assertThat(queue.tokens()).isZero();
  }

  @Property(tries = 200)
  void aLaneAndBucketIsServedInTheOrderOfArrival(
      @ForAll boolean fixed,
      @ForAll @Size(min = 1, max = 60) List<@IntRange(min = 0, max = 10_000) Integer> seeds) {
    RequestQueue queue = queue(fixed, 0.25);
    seeds.forEach(seed -> add(queue, seed % 2 == 1, 1 + seed % 128, 1));
    List<Request> served = new ArrayList<>();
    while (!queue.isEmpty()) {
      served.addAll(take(queue));
    }
    for (boolean bulk : List.of(false, true)) {
      for (int bucket = 0; bucket < BUCKETS.count(); bucket++) {
        int of = bucket;
        assertThat(served.stream().filter(r -> r.group().bulk == bulk && r.bucket == of).toList())
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
    RequestQueue queue = queue(false, share);
    long bulk = 0;
    long all = 0;
    for (int i = 0; i < 400; i++) {
      while (queue.lane(false).requests() < 8) {
        add(queue, false, urgentLength, 1);
      }
      while (queue.lane(true).requests() < 8) {
        add(queue, true, patientLength, 1);
      }
      for (Request request : take(queue)) {
        bulk += request.group().bulk ? request.tokens : 0;
        all += request.tokens;
      }
      assertThat((double) bulk).isBetween(share * all - 2 * 128, share * all + 2 * 128);
    }
  }

  /** A slot that nobody else wants is hardly a debt, or bulk work would get nothing for long. */
  @Example
  void bulkThatLeadsWhileInteractiveWorkWaitsForCompanyOwesLittle() {
    RequestQueue queue = queue(true, 0.25);
    Group young = new Group(List.of(request(8, 1)), false, false, true, 1_000, Group.NO_DEADLINE);
    queue.offer(young, false);
    for (int i = 0; i < 1_000; i++) {
      Request patient = add(queue, true, 32, 1);
      assertThat(queue.leader(1_001, 100)).isSameAs(patient);
      queue.take(patient, UNTIMED, new Batch(BUCKETS.mostTexts()));
    }
    long bulk = 0;
    long all = 0;
    for (int i = 0; i < 400; i++) {
      while (queue.lane(false).requests() < 8) {
        add(queue, false, 32, 1);
      }
      while (queue.lane(true).requests() < 8) {
        add(queue, true, 32, 1);
      }
      for (Request request : take(queue)) {
        bulk += request.group().bulk ? request.tokens : 0;
        all += request.tokens;
      }
    }
    assertThat((double) bulk).isGreaterThan(0.25 * all - 16 * 128 - 2 * 128);
  }

  /** Who took what was free does not take a burst's turn as well. */
  @Example
  void aBurstDoesNotWaitForBulkThatHadMoreThanItsShare() {
    RequestQueue queue = queue(false, 0.25);
    for (int i = 0; i < 20; i++) {
      add(queue, true, 32, 1);
      take(queue);
    }
    for (int i = 0; i < 8; i++) {
      add(queue, true, 128, 1);
      add(queue, false, 128, 1);
    }
    for (int i = 0; i < 4; i++) {
      assertThat(take(queue)).allMatch(request -> !request.group().bulk);
    }
  }

  /** The oldest leads its lane: however much comes later, what waits is served. */
  @Property(tries = 100)
  void nothingStarves(@ForAll @IntRange(min = 1, max = 128) int length, @ForAll boolean fixed) {
    RequestQueue queue = queue(fixed, 0.1);
    Request rare = add(queue, true, length, 1);
    int batches = 0;
    while (rare.state == Request.State.QUEUED && batches < 2_000) {
      while (queue.lane(false).requests() < 8) {
        add(queue, false, 8, 1);
      }
      while (queue.lane(true).requests() < 8) {
        add(queue, true, 8, 1);
      }
      take(queue).forEach(request -> request.state = Request.State.RUNNING);
      batches++;
    }
    assertThat(rare.state).isEqualTo(Request.State.RUNNING);
  }
}
