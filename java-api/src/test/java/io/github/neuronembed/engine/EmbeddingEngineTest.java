package io.github.neuronembed.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.neuronembed.DeadlineExceededException;
import io.github.neuronembed.DeviceFailureException;
import io.github.neuronembed.EmbeddingException;
import io.github.neuronembed.EngineOverloadedException;
import io.github.neuronembed.InferenceException;
import io.github.neuronembed.backend.FakeBackend;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.model.PoolingStrategy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The engine on a fake backend. A time here is a limit against hanging, never what is tested. */
@Timeout(60)
class EmbeddingEngineTest {

  private static final Shape SHAPE = new Shape(4, 8);
  private static final VectorReader READER = new VectorReader(PoolingStrategy.CLS, false);

  private static EmbeddingEngine start(FakeBackend backend) {
    return start(backend, options -> {});
  }

  private static EmbeddingEngine start(
      FakeBackend backend, Consumer<EngineOptions.Builder> changes) {
    EngineOptions.Builder options = EngineOptions.builder();
    changes.accept(options);
    return EmbeddingEngine.start(backend, READER, 30_000, options.build());
  }

  private static int[] row(int seed, int length) {
    return new Random(seed).ints(length, 1, 30_000).toArray();
  }

  /** Parks, for a machine that gives two threads less than two processors. */
  private static void await(BooleanSupplier condition) {
    while (!condition.getAsBoolean()) {
      LockSupport.parkNanos(100_000);
    }
  }

  private static void awaitExecuting(FakeBackend backend, int count) {
    await(() -> backend.executing.get() >= count);
  }

  /** The device answers every row with the hash of its own ids, whatever shares its batch. */
  @Test
  void everyWayInGivesEveryRowItsOwnVector() {
    FakeBackend backend = FakeBackend.quick(2, SHAPE, new Shape(2, 32));
    List<int[]> rows = IntStream.range(0, 100).mapToObj(i -> row(i, 1 + i % 32)).toList();
    try (EmbeddingEngine engine = start(backend, options -> options.maxQueuedRequests(7))) {
      engine.warmUp();
      assertThat(engine.embed(rows.get(5), RequestOptions.INTERACTIVE))
          .isEqualTo(FakeBackend.vectorOf(rows.get(5)));
      float[][] batch =
          engine.embedBatch(new int[][] {rows.get(3), rows.get(31)}, RequestOptions.BULK);
      assertThat(batch[1]).isEqualTo(FakeBackend.vectorOf(rows.get(31)));
      List<float[]> streamed = new ArrayList<>();
      assertThat(engine.embedStream(rows.iterator(), streamed::add)).isEqualTo(100);
      List<float[]> listed = engine.embedAll(rows, RequestOptions.BULK);
      for (int i = 0; i < rows.size(); i++) {
        assertThat(listed.get(i)).isEqualTo(FakeBackend.vectorOf(rows.get(i)));
        assertThat(streamed.get(i)).isEqualTo(FakeBackend.vectorOf(rows.get(i)));
      }
      EngineSnapshot snapshot = engine.snapshot();
      assertThat(snapshot.requests()).isEqualTo(202).isEqualTo(snapshot.completed());
      assertThat(snapshot.runningRequests()).isZero();
      assertThat(snapshot.lengths().values()).hasSize(32);
      assertThat(snapshot.tokens()).isLessThan(snapshot.paddedTokens());
    }
    assertThat(backend.openSlots).hasValue(0);
    assertThat(backend.closed).isTrue();
  }

  @Test
  void aFullLaneRefusesInteractiveWorkOnlyInThatLane() {
    Semaphore gate = new Semaphore(0);
    FakeBackend backend = FakeBackend.gated(1, gate, SHAPE);
    try (EmbeddingEngine engine =
        start(backend, options -> options.maxQueuedRequests(2).slotsPerReplica(1))) {
      List<CompletableFuture<float[]>> accepted = new ArrayList<>();
      accepted.add(engine.submit(row(0, 3), RequestOptions.BULK));
      awaitExecuting(backend, 1);
      for (Lane lane : Lane.values()) {
        accepted.add(engine.submit(row(1, 3), RequestOptions.of(lane)));
        accepted.add(engine.submit(row(2, 3), RequestOptions.of(lane)));
      }
      for (RequestOptions options :
          List.of(RequestOptions.INTERACTIVE, RequestOptions.BULK.withoutWaiting())) {
        assertThat(engine.submit(row(3, 3), options))
            .isCompletedExceptionally()
            .failsWithin(Duration.ZERO)
            .withThrowableThat()
            .havingCause()
            .isInstanceOfSatisfying(
                EngineOverloadedException.class,
                e -> {
                  assertThat(e.queuedRequests()).isEqualTo(4);
                  assertThat(e.retryAfter()).isPositive();
                });
      }
      untilItWaits(
          RequestOptions.BULK,
          hurried -> engine.embed(row(3, 3), hurried),
          () -> engine.snapshot().refused() == 3);
      gate.release(100);
      accepted.forEach(CompletableFuture::join);
    }
  }

  /**
   * Makes requests with longer and longer deadlines, all of which pass, until one was made in time
   * to wait for it: a deadline that is over before that counts nowhere.
   */
  private static void untilItWaits(
      RequestOptions options, Function<RequestOptions, ?> request, BooleanSupplier counted) {
    Duration time = Duration.ofMillis(10);
    do {
      RequestOptions hurried = options.within(time);
      assertThatThrownBy(() -> request.apply(hurried))
          .isInstanceOf(DeadlineExceededException.class);
      time = time.multipliedBy(2);
    } while (!counted.getAsBoolean());
  }

  @Test
  void deadlinesFireWhileEverySlotHangs() {
    Semaphore gate = new Semaphore(0);
    FakeBackend backend = FakeBackend.gated(1, gate, SHAPE);
    try (EmbeddingEngine engine = start(backend, options -> options.slotsPerReplica(1))) {
      CompletableFuture<float[]> hanging = engine.submit(row(0, 3), RequestOptions.INTERACTIVE);
      awaitExecuting(backend, 1);
      untilItWaits(
          RequestOptions.INTERACTIVE,
          hurried -> engine.embed(row(1, 3), hurried),
          () -> engine.snapshot().expired() == 1);
      gate.release(100);
      assertThat(hanging.join()).isEqualTo(FakeBackend.vectorOf(row(0, 3)));
    }
  }

  @Test
  void whatIsCancelledCostsNoExecution() {
    Semaphore gate = new Semaphore(0);
    FakeBackend backend = FakeBackend.gated(1, gate, SHAPE);
    try (EmbeddingEngine engine = start(backend, options -> options.slotsPerReplica(1))) {
      CompletableFuture<float[]> first = engine.submit(row(0, 3), RequestOptions.INTERACTIVE);
      awaitExecuting(backend, 1);
      CompletableFuture<float[]> cancelled = engine.submit(row(1, 3), RequestOptions.BULK);
      CompletableFuture<float[]> given = engine.submit(row(2, 3), RequestOptions.BULK);
      assertThat(cancelled.cancel(false)).isTrue();
      assertThat(given.complete(new float[0])).isTrue();
      gate.release(100);
      first.join();
    }
    assertThat(backend.executedRows).hasValue(1);
  }

  @Test
  void aFailedCoreLeavesAndItsRequestsMove() {
    FakeBackend backend =
        new FakeBackend(
            2,
            List.of(SHAPE),
            true,
            shape -> 0,
            core -> {
              if (core == 0) {
                throw new DeviceFailureException("broken", 0, null);
              }
            },
            null);
    try (EmbeddingEngine engine = start(backend)) {
      for (int i = 0; i < 20; i++) {
        assertThat(engine.embed(row(i, 3), RequestOptions.INTERACTIVE))
            .isEqualTo(FakeBackend.vectorOf(row(i, 3)));
      }
      assertThat(engine.health().state()).isEqualTo(EngineHealth.State.DEGRADED);
      assertThat(engine.health().failedCores()).containsEntry(0, "broken");
      assertThat(engine.snapshot().retried()).isEqualTo(1);
    }
  }

  @Test
  void withoutACoreEverythingEndsAndNothingIsAccepted() {
    FakeBackend backend =
        new FakeBackend(
            2,
            List.of(SHAPE),
            true,
            shape -> 0,
            core -> {
              throw new DeviceFailureException("broken", core, null);
            },
            null);
    try (EmbeddingEngine engine = start(backend)) {
      for (int i = 0; i < 3; i++) {
        assertThatThrownBy(() -> engine.embed(row(1, 3), RequestOptions.INTERACTIVE))
            .isInstanceOf(DeviceFailureException.class);
      }
      assertThat(engine.health().state()).isEqualTo(EngineHealth.State.FAILED);
    }
  }

  @Test
  void anErrorInTheBackendFailsTheRequestAndKeepsTheThread() {
    AtomicInteger calls = new AtomicInteger();
    FakeBackend backend =
        new FakeBackend(
            1,
            List.of(SHAPE),
            true,
            shape -> 0,
            core -> {
              if (calls.incrementAndGet() <= 3) {
                throw new StackOverflowError("deep");
              }
            },
            null);
    try (EmbeddingEngine engine = start(backend)) {
      for (int i = 0; i < 3; i++) {
        assertThatThrownBy(() -> engine.submit(row(1, 3), RequestOptions.INTERACTIVE).get())
            .isInstanceOf(ExecutionException.class)
            .hasCauseInstanceOf(InferenceException.class)
            .hasRootCauseInstanceOf(StackOverflowError.class);
      }
      assertThat(engine.submit(row(1, 3), RequestOptions.INTERACTIVE).join())
          .isEqualTo(FakeBackend.vectorOf(row(1, 3)));
    }
  }

  @Test
  void callbacksMayInterruptThrowAndCloseButNotWait() {
    FakeBackend backend = FakeBackend.quick(1, SHAPE);
    EmbeddingEngine engine = start(backend);
    Semaphore gate = new Semaphore(0);
    for (int i = 0; i < 10; i++) {
      CompletableFuture<float[]> future = engine.submit(row(i, 3), RequestOptions.INTERACTIVE);
      CompletableFuture<Void> dependent =
          future.thenRun(
              () -> {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("of the callback");
              });
      future.join();
      assertThatThrownBy(dependent::join).hasMessageContaining("of the callback");
      // On this thread, if the future was done by then.
      Thread.interrupted();
    }
    FakeBackend gated = FakeBackend.gated(1, gate, SHAPE);
    try (EmbeddingEngine other = start(gated)) {
      CompletableFuture<float[]> waits =
          other
              .submit(row(1, 3), RequestOptions.INTERACTIVE)
              .thenApply(vector -> other.embed(row(2, 3), RequestOptions.INTERACTIVE));
      gate.release(10);
      assertThatThrownBy(waits::join)
          .isInstanceOf(CompletionException.class)
          .hasCauseInstanceOf(IllegalStateException.class)
          .hasMessageContaining("thenApplyAsync");
    }
    engine.submit(row(1, 3), RequestOptions.INTERACTIVE).thenRun(engine::close).join();
    assertThatThrownBy(() -> engine.embed(row(1, 3), RequestOptions.INTERACTIVE))
        .isInstanceOf(IllegalStateException.class);
    engine.close();
    assertThat(backend.openSlots).hasValue(0);
  }

  @Test
  void closingFailsWhatHangsAndFreesItWhenItReturns() throws Exception {
    Semaphore gate = new Semaphore(0);
    FakeBackend backend = FakeBackend.gated(1, gate, SHAPE);
    EmbeddingEngine engine =
        start(backend, options -> options.slotsPerReplica(1).closeTimeout(Duration.ofMillis(10)));
    CompletableFuture<float[]> hanging = engine.submit(row(0, 3), RequestOptions.INTERACTIVE);
    awaitExecuting(backend, 1);
    CompletableFuture<float[]> waiting = engine.submit(row(1, 3), RequestOptions.INTERACTIVE);
    engine.close();
    for (CompletableFuture<float[]> future : List.of(hanging, waiting)) {
      assertThatThrownBy(future::get).hasCauseInstanceOf(IllegalStateException.class);
    }
    assertThat(backend.closed).isFalse();
    assertThat(backend.openSlots).hasValue(1);
    gate.release(100);
    await(() -> backend.closed);
    assertThat(backend.openSlots).hasValue(0);
  }

  @Test
  void freeRowsOfAFixedShapeCarryShorterAndBulkRows() {
    Semaphore gate = new Semaphore(0);
    FakeBackend backend = FakeBackend.gated(1, gate, SHAPE, new Shape(4, 32));
    try (EmbeddingEngine engine = start(backend, options -> options.slotsPerReplica(1))) {
      CompletableFuture<float[]> first = engine.submit(row(0, 3), RequestOptions.INTERACTIVE);
      awaitExecuting(backend, 1);
      List<CompletableFuture<float[]>> ride = new ArrayList<>();
      ride.add(engine.submit(row(1, 20), RequestOptions.INTERACTIVE));
      ride.add(engine.submit(row(2, 5), RequestOptions.INTERACTIVE));
      ride.add(engine.submit(row(3, 5), RequestOptions.BULK));
      ride.add(engine.submit(row(4, 20), RequestOptions.BULK));
      gate.release(2);
      first.join();
      ride.forEach(CompletableFuture::join);
      assertThat(engine.snapshot().executions()).containsEntry(new Shape(4, 32), 1L);
    }
  }

  /** Everything at once: faults, a dying core, cancellation, deadlines, and closing under load. */
  @Test
  void everyRequestEndsOnceUnderStress() throws Exception {
    AtomicInteger deaths = new AtomicInteger();
    FakeBackend backend =
        new FakeBackend(
            3,
            List.of(new Shape(1, 8), new Shape(8, 8), new Shape(4, 32), new Shape(2, 64)),
            true,
            shape -> 20_000L * shape.batchSize(),
            core -> {
              int dice = ThreadLocalRandom.current().nextInt(1_000);
              if (dice < 20) {
                throw new InferenceException("injected", dice < 15);
              }
              if (core == 2 && deaths.incrementAndGet() > 200) {
                throw new DeviceFailureException("died", 2, null);
              }
            },
            null);
    EmbeddingEngine engine = start(backend, options -> options.maxQueuedRequests(64));
    AtomicLong wrong = new AtomicLong();
    AtomicLong right = new AtomicLong();
    List<Thread> callers = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      int caller = i;
      Thread thread = new Thread(() -> load(engine, caller, right, wrong), "caller-" + i);
      thread.start();
      callers.add(thread);
    }
    while (right.get() < 3_000 || engine.health().state() == EngineHealth.State.READY) {
      Thread.sleep(5);
    }
    engine.close();
    for (Thread caller : callers) {
      caller.join();
    }
    EngineSnapshot end = engine.snapshot();
    assertThat(wrong).hasValue(0);
    assertThat(end.requests())
        .isEqualTo(end.completed() + end.failed() + end.expired() + end.cancelled());
    assertThat(end.cancelled()).isPositive();
    assertThat(end.retried()).isPositive();
    assertThat(end.runningRequests()).isZero();
    assertThat(backend.openSlots).hasValue(0);
    assertThat(backend.closed).isTrue();
  }

  private static void load(EmbeddingEngine engine, int caller, AtomicLong right, AtomicLong wrong) {
    Random random = new Random(caller);
    while (true) {
      int[] ids = row(random.nextInt(), 1 + random.nextInt(64));
      RequestOptions options =
          random.nextBoolean() ? RequestOptions.INTERACTIVE : RequestOptions.BULK;
      if (random.nextInt(4) == 0) {
        options = options.within(Duration.ofNanos(random.nextInt(2_000_000)));
      }
      try {
        float[] vector;
        switch (random.nextInt(4)) {
          case 0 -> vector = engine.embed(ids, options);
          case 1 -> vector = engine.embedBatch(new int[][] {row(7, 3), ids}, options)[1];
          case 2 -> {
            CompletableFuture<float[]> cancelled = engine.submit(ids, options);
            cancelled.cancel(false);
            vector = FakeBackend.vectorOf(ids);
          }
          default -> vector = engine.submit(ids, options).get();
        }
        if (Arrays.equals(vector, FakeBackend.vectorOf(ids))) {
          right.incrementAndGet();
        } else {
          wrong.incrementAndGet();
        }
      } catch (EmbeddingException e) {
        // A typed end is one of those expected.
      } catch (ExecutionException e) {
        if (!(e.getCause() instanceof EmbeddingException
            || e.getCause() instanceof IllegalStateException)) {
          wrong.incrementAndGet();
        }
      } catch (IllegalStateException e) {
        return;
      } catch (InterruptedException e) {
        wrong.incrementAndGet();
        return;
      }
    }
  }

  @Test
  void noThreadOutlivesTheEngine() throws Exception {
    FakeBackend backend = FakeBackend.quick(3, SHAPE);
    List<Thread> mine = new ArrayList<>();
    try (EmbeddingEngine engine = start(backend)) {
      engine.embed(row(1, 3), RequestOptions.INTERACTIVE);
      for (Thread thread : Thread.getAllStackTraces().keySet()) {
        if (thread instanceof EngineThread) {
          mine.add(thread);
        }
      }
      assertThat(mine).hasSize(7).allMatch(thread -> thread.getName().startsWith("neuron-embed-"));
    }
    for (Thread thread : mine) {
      thread.join();
    }
  }
}
