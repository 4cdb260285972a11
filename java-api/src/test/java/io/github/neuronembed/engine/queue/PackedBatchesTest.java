package io.github.neuronembed.engine.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.neuronembed.backend.FirstFit;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.engine.core.Cores;
import io.github.neuronembed.engine.core.Slot;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class PackedBatchesTest {

  private static final Shape SHORT = new Shape(1, 16, 4);
  private static final Shape LONG = new Shape(1, 64, 8);
  private static final Shape PLAIN = new Shape(1, 64);

  /** Cores that have learned the time of each shape. */
  private static Cores cores(Map<Shape, Long> nanos) {
    Cores cores = new Cores(List.of(0), 1, true, List.copyOf(nanos.keySet()));
    nanos.forEach((shape, took) -> execute(cores, shape, took));
    return cores;
  }

  private static void execute(Cores cores, Shape shape, long took) {
    Slot slot = cores.slots().get(0);
    cores.begin(slot, shape, 0);
    cores.end(slot, true, 0, took);
  }

  private static Map<Shape, Long> all(long ofShort, long ofLong, long ofPlain) {
    Map<Shape, Long> times = new LinkedHashMap<>();
    times.put(SHORT, ofShort);
    times.put(LONG, ofLong);
    times.put(PLAIN, ofPlain);
    return times;
  }

  /** A queue of its own, with what waits in it. */
  private static final class Waiting {
    final Cores cores;
    final Buckets buckets;
    final RequestQueue queue;
    final Batch batch;

    Waiting(Map<Shape, Long> nanos) {
      this.cores = cores(nanos);
      this.buckets = new Buckets(List.copyOf(nanos.keySet()));
      this.queue =
          new RequestQueue(
              buckets, new PackedBatches(buckets), 0.1, Integer.MAX_VALUE, Long.MAX_VALUE);
      this.batch = new Batch(buckets.mostTexts());
    }

    Request add(boolean bulk, int... lengths) {
      int[][] rows = new int[lengths.length][];
      for (int i = 0; i < lengths.length; i++) {
        rows[i] = new int[lengths[i]];
      }
      Request request = new Request(rows, buckets.bucketOf(rows));
      Group group = new Group(List.of(request), bulk, false, true, 0, Group.NO_DEADLINE);
      assertThat(queue.offer(group, false)).isEqualTo(RequestQueue.Entry.ADMITTED);
      return request;
    }

    List<Request> take() {
      batch.clear();
      queue.take(Objects.requireNonNull(queue.leader(0, 0)), cores.all().get(0).times(), batch);
      FirstFit written = new FirstFit(batch.shape());
      List<Request> taken = new ArrayList<>();
      for (int i = 0; i < batch.size(); i++) {
        taken.add(batch.request(i));
        assertThat(written.place(batch.request(i).rows)).isTrue();
      }
      return taken;
    }
  }

  @Test
  void theOldestFitFirstAndWhoDoesNotFitStaysOlder() {
    Waiting waiting = new Waiting(Map.of(SHORT, 100L));
    Request first = waiting.add(false, 9);
    Request tooLong = waiting.add(false, 8);
    Request fits = waiting.add(false, 7);
    Request late = waiting.add(false, 4);

    assertThat(waiting.take()).containsExactly(first, fits);
    assertThat(waiting.take()).containsExactly(tooLong, late);
  }

  @Test
  void aRowTakesNoMoreTextsThanItMay() {
    Waiting waiting = new Waiting(Map.of(SHORT, 100L));
    for (int i = 0; i < 5; i++) {
      waiting.add(false, 1);
    }

    assertThat(waiting.take()).hasSize(4);
    assertThat(waiting.take()).hasSize(1);
  }

  @Test
  void theShapeWithMostTokensForItsTimeIsTaken() {
    Waiting waiting = new Waiting(all(100, 390, 390));
    for (int i = 0; i < 4; i++) {
      waiting.add(false, 12);
    }
    // 12 tokens in 100 are less than 48 in 390.
    assertThat(waiting.take()).hasSize(4);
    assertThat(waiting.batch.shape()).isEqualTo(LONG);

    Waiting slower = new Waiting(all(100, 410, 410));
    for (int i = 0; i < 4; i++) {
      slower.add(false, 12);
    }
    assertThat(slower.take()).hasSize(1);
    assertThat(slower.batch.shape()).isEqualTo(SHORT);
  }

  @Test
  void aPauseOfTheHostDoesNotShutAShapeOut() {
    Waiting waiting = new Waiting(all(100, 390, 390));
    execute(waiting.cores, LONG, 390);
    execute(waiting.cores, LONG, 390_000);
    for (int i = 0; i < 4; i++) {
      waiting.add(false, 12);
    }
    assertThat(waiting.take()).hasSize(4);
    assertThat(waiting.batch.shape()).isEqualTo(LONG);
  }

  @Test
  void aShapeThatWasSlowWhenItWasSeenFirstIsTriedAgainAndThenChosenForItsTime() {
    Waiting waiting = new Waiting(all(100, 3_900, 3_900));
    int tries = 0;
    for (int i = 0; i < 20_000; i++) {
      while (waiting.queue.requests() < 8) {
        waiting.add(false, 12);
      }
      waiting.take();
      boolean isLong = waiting.batch.shape().equals(LONG);
      tries += isLong ? 1 : 0;
      execute(waiting.cores, waiting.batch.shape(), isLong ? 390 : 100);
    }
    assertThat(tries).isGreaterThan(10_000);
  }

  @Test
  void aShapeThatIsSlowIsTriedRarely() {
    Waiting waiting = new Waiting(all(100, 800, 3_900));
    int tries = 0;
    for (int i = 0; i < 20_000; i++) {
      while (waiting.queue.requests() < 8) {
        waiting.add(false, 12);
      }
      waiting.take();
      boolean isLong = waiting.batch.shape().equals(LONG);
      tries += isLong ? 1 : 0;
      execute(waiting.cores, waiting.batch.shape(), isLong ? 800 : 100);
    }
    assertThat(tries).isBetween(1, 6);
  }

  @Test
  void aLongTextGoesToThePlainShapeAndShortOnesStayForThePackedOne() {
    Waiting waiting = new Waiting(all(100, 410, 390));
    Request longOne = waiting.add(false, 62);
    Request shortOne = waiting.add(false, 4);

    assertThat(waiting.take()).containsExactly(longOne);
    assertThat(waiting.batch.shape()).isEqualTo(PLAIN);
    assertThat(waiting.take()).containsExactly(shortOne);
    assertThat(waiting.batch.shape()).isEqualTo(SHORT);
  }

  @Test
  void bulkFillsWhatInteractiveWorkLeavesAndEnlargesNothing() {
    Waiting waiting = new Waiting(all(100, 101, 101));
    Request patient = waiting.add(true, 5);
    Request patientToo = waiting.add(true, 5);
    Request urgent = waiting.add(false, 10);

    assertThat(waiting.take()).containsExactly(urgent, patient);
    assertThat(waiting.batch.shape()).isEqualTo(SHORT);
    assertThat(waiting.batch.rides(0)).isFalse();
    assertThat(waiting.batch.rides(1)).isTrue();
    assertThat(waiting.take()).containsExactly(patientToo);
  }

  @Test
  void aLongBulkTextLeadsAtLastThoughShortOnesFillEveryGap() {
    Waiting waiting = new Waiting(Map.of(LONG, 100L));
    Request longOne = waiting.add(true, 64);
    for (int i = 0; i < 1_000; i++) {
      while (waiting.queue.lane(false).requests() < 8) {
        waiting.add(false, 28);
      }
      while (waiting.queue.lane(true).requests() < 8) {
        waiting.add(true, 8);
      }
      if (waiting.take().contains(longOne)) {
        return;
      }
    }
    assertThat(waiting.queue.lane(true).oldest()).isNotSameAs(longOne);
  }

  @Test
  void theTextsOfARequestStayTogether() {
    Waiting waiting = new Waiting(all(100, 150, 150));
    Request pair = waiting.add(false, 10, 10);
    assertThat(pair.bucket).isEqualTo(1);

    assertThat(waiting.take()).containsExactly(pair);
    assertThat(waiting.batch.shape()).isEqualTo(LONG);

    Request small = waiting.add(false, 10);
    Request four = waiting.add(false, 2, 2, 2, 2);
    Request last = waiting.add(false, 3);
    assertThat(waiting.take()).containsExactly(small, four, last);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> waiting.add(false, 40, 40))
        .withMessageContainingAll("2 rows", "40 tokens", "1×64p8");
  }

  @Test
  void whoGoesAloneHasNoCompanyAndTheShapeThatTakesLeast() {
    Waiting waiting = new Waiting(all(100, 150, 150));
    Request suspect = new Request(new int[1][5], 0);
    suspect.alone = true;
    Group group = new Group(List.of(suspect), false, false, true, 0, Group.NO_DEADLINE);
    Request other = waiting.add(false, 5);
    waiting.queue.offer(group, false);
    Request another = waiting.add(false, 5);

    assertThat(waiting.take()).containsExactly(other, another);
    assertThat(waiting.take()).containsExactly(suspect);
    assertThat(waiting.batch.shape()).isEqualTo(SHORT);
    assertThat(waiting.queue.isEmpty()).isTrue();
  }

  @Test
  void companyIsEnoughWhenTheLargestShapeIsFull() {
    Waiting waiting = new Waiting(all(100, 150, 150));
    Request leader = waiting.add(false, 16);
    assertThat(waiting.queue.fills(leader)).isFalse();
    waiting.add(false, 16);
    waiting.add(false, 16);
    assertThat(waiting.queue.leader(0, 10)).isNull();
    waiting.add(false, 16);
    assertThat(waiting.queue.leader(0, 10)).isEqualTo(leader);
    assertThat(waiting.queue.fills(waiting.add(false, 64))).isTrue();
  }

  @Test
  void bulkThatLeadsPaysWithAllThatItTook() {
    Waiting waiting = new Waiting(Map.of(new Shape(1, 16, 4), 100L));
    long bulk = 0;
    long all = 0;
    for (int i = 0; i < 400; i++) {
      while (waiting.queue.lane(false).requests() < 8) {
        waiting.add(false, 8);
      }
      while (waiting.queue.lane(true).requests() < 8) {
        waiting.add(true, 4);
      }
      for (Request request : waiting.take()) {
        bulk += request.group().bulk ? request.tokens : 0;
        all += request.tokens;
      }
      assertThat((double) bulk).isBetween(0.1 * all - 32, 0.1 * all + 32);
    }
  }
}
