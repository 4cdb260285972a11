package io.github.neuronembed.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.neuronembed.DeviceFailureException;
import io.github.neuronembed.EngineOverloadedException;
import io.github.neuronembed.InferenceException;
import io.github.neuronembed.NotFiniteException;
import io.github.neuronembed.backend.FakeBackend;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.model.PoolingStrategy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What goes wrong takes nothing with it. A time here is a limit against hanging. */
@Timeout(60)
class EngineFaultsTest {

  private static final Shape SHAPE = new Shape(4, 8);
  private static final int[] ROW = {1, 2, 3};

  private static EmbeddingEngine start(FakeBackend backend, int maxQueuedRequests) {
    return EmbeddingEngine.start(
        backend,
        new VectorReader(PoolingStrategy.CLS, false),
        30_000,
        EngineOptions.builder().slotsPerReplica(1).maxQueuedRequests(maxQueuedRequests).build());
  }

  private static void await(BooleanSupplier condition) {
    while (!condition.getAsBoolean()) {
      LockSupport.parkNanos(100_000);
    }
  }

  /** Fills the only slot, until the gate gives a permit. */
  private static CompletableFuture<float[]> hang(EmbeddingEngine engine, FakeBackend backend) {
    CompletableFuture<float[]> hanging = engine.submit(ROW, RequestOptions.INTERACTIVE);
    await(() -> backend.executing.get() == 1);
    return hanging;
  }

  @Test
  void anErrorBesideTheExecutionLosesNoSlotAndNoRequest() {
    FakeBackend backend = FakeBackend.quick(1, SHAPE);
    try (EmbeddingEngine engine = start(backend, 4)) {
      backend.stageTimeErrors.set(1);
      assertThatExceptionOfType(InferenceException.class)
          .isThrownBy(() -> engine.embed(ROW, RequestOptions.INTERACTIVE))
          .havingRootCause()
          .isInstanceOf(OutOfMemoryError.class);
      assertThat(engine.embed(ROW, RequestOptions.INTERACTIVE))
          .isEqualTo(FakeBackend.vectorOf(ROW));

      backend.stageTimeErrors.set(1);
      CompletableFuture<float[]> onAThread = engine.submit(ROW, RequestOptions.INTERACTIVE);
      assertThatThrownBy(onAThread::get)
          .isInstanceOf(ExecutionException.class)
          .hasRootCauseInstanceOf(OutOfMemoryError.class);
      assertThat(engine.submit(ROW, RequestOptions.BULK).join())
          .isEqualTo(FakeBackend.vectorOf(ROW));
      assertThat(engine.snapshot().runningRequests()).isZero();
    }
  }

  @Test
  void anErrorWhileWarmingUpLosesNoSlot() {
    FakeBackend backend = FakeBackend.quick(1, SHAPE);
    try (EmbeddingEngine engine = start(backend, 4)) {
      backend.stageTimeErrors.set(1);
      assertThatExceptionOfType(InferenceException.class).isThrownBy(engine::warmUp);
      engine.warmUp();
      assertThat(engine.embed(ROW, RequestOptions.INTERACTIVE))
          .isEqualTo(FakeBackend.vectorOf(ROW));
    }
  }

  @Test
  void anyEndOfAFutureWithdrawsItsRequestAtOnce() {
    Semaphore gate = new Semaphore(0);
    FakeBackend backend = FakeBackend.gated(1, gate, SHAPE);
    try (EmbeddingEngine engine = start(backend, 1)) {
      CompletableFuture<float[]> hanging = hang(engine, backend);
      List<CompletableFuture<float[]>> ends = new ArrayList<>();
      ends.add(engine.submit(ROW, RequestOptions.INTERACTIVE).orTimeout(1, TimeUnit.MILLISECONDS));
      await(() -> engine.snapshot().queuedRequests() == 0);
      ends.add(
          engine
              .submit(ROW, RequestOptions.INTERACTIVE)
              .completeOnTimeout(new float[0], 1, TimeUnit.MILLISECONDS));
      await(() -> engine.snapshot().queuedRequests() == 0);
      ends.add(engine.submit(ROW, RequestOptions.INTERACTIVE));
      ends.get(2).complete(new float[0]);
      assertThat(engine.snapshot().queuedRequests()).isZero();
      ends.add(engine.submit(ROW, RequestOptions.INTERACTIVE));
      ends.get(3).completeExceptionally(new IllegalStateException("of the caller"));
      assertThat(engine.snapshot().queuedRequests()).isZero();
      ends.add(engine.submit(ROW, RequestOptions.INTERACTIVE).completeAsync(() -> new float[0]));
      await(() -> engine.snapshot().queuedRequests() == 0);

      assertThat(ends).allMatch(CompletableFuture::isDone);
      assertThat(engine.snapshot().cancelled()).isEqualTo(5);
      gate.release(1);
      assertThat(hanging.join()).isEqualTo(FakeBackend.vectorOf(ROW));
      assertThat(backend.executedRows).hasValue(1);
    }
  }

  @Test
  void aListIsAdmittedAsAWholeOrRefusedAsOne() {
    Semaphore gate = new Semaphore(0);
    FakeBackend backend = FakeBackend.gated(1, gate, SHAPE);
    try (EmbeddingEngine engine = start(backend, 4)) {
      CompletableFuture<float[]> hanging = hang(engine, backend);
      CompletableFuture<float[]> waiting = engine.submit(ROW, RequestOptions.INTERACTIVE);
      List<int[]> tooMany = Collections.nCopies(4, ROW);

      assertThatExceptionOfType(EngineOverloadedException.class)
          .isThrownBy(() -> engine.embedAll(tooMany, RequestOptions.INTERACTIVE));
      CompletableFuture<List<float[]>> fits =
          engine.submitAll(Collections.nCopies(3, ROW), RequestOptions.INTERACTIVE);

      assertThat(engine.snapshot().requests()).isEqualTo(5);
      assertThat(engine.snapshot().refused()).isEqualTo(1);
      gate.release(2);
      hanging.join();
      waiting.join();
      assertThat(fits.join()).hasSize(3).containsOnly(FakeBackend.vectorOf(ROW));
      assertThat(backend.executedRows).hasValue(5);
    }
  }

  /** An execution takes 20 ms at least, so that the hint has a lower bound on any machine. */
  @Test
  void theRetryHintCountsOnlyCoresThatServe() {
    Semaphore gate = new Semaphore(0);
    FakeBackend backend =
        new FakeBackend(
            50,
            List.of(SHAPE),
            true,
            shape -> 20_000_000,
            core -> {
              if (core > 0) {
                throw new DeviceFailureException("dead", core, null);
              }
            },
            gate);
    try (EmbeddingEngine engine = start(backend, 4)) {
      gate.release(50);
      assertThatExceptionOfType(DeviceFailureException.class).isThrownBy(engine::warmUp);
      gate.release(1);
      engine.embed(ROW, RequestOptions.INTERACTIVE);
      CompletableFuture<float[]> hanging = hang(engine, backend);
      CompletableFuture<List<float[]>> waiting =
          engine.submitAll(Collections.nCopies(4, ROW), RequestOptions.INTERACTIVE);

      assertThat(engine.submit(ROW, RequestOptions.INTERACTIVE))
          .failsWithin(Duration.ZERO)
          .withThrowableThat()
          .havingCause()
          .isInstanceOfSatisfying(
              EngineOverloadedException.class,
              // 20 ms for 3 tokens, and half of the 12 that wait.
              e -> assertThat(e.retryAfter()).isGreaterThanOrEqualTo(Duration.ofMillis(40)));
      gate.release(10);
      hanging.join();
      waiting.join();
    }
  }

  @Test
  void aVectorThatIsNotFiniteIsAFailureOfItsOwnRequestAlone() {
    Semaphore gate = new Semaphore(0);
    FakeBackend backend = FakeBackend.gated(1, gate, SHAPE);
    try (EmbeddingEngine engine = start(backend, 4)) {
      CompletableFuture<float[]> hanging = hang(engine, backend);
      CompletableFuture<float[]> good = engine.submit(ROW, RequestOptions.INTERACTIVE);
      CompletableFuture<float[]> bad =
          engine.submit(new int[] {FakeBackend.POISON, 2}, RequestOptions.INTERACTIVE);
      gate.release(3);

      hanging.join();
      assertThat(good.join()).isEqualTo(FakeBackend.vectorOf(ROW));
      assertThatThrownBy(bad::get)
          .hasCauseInstanceOf(InferenceException.class)
          .hasMessageContainingAll("a non-finite value", "core 0", "4×8");
      assertThatExceptionOfType(InferenceException.class)
          .isThrownBy(
              () -> engine.embed(new int[] {FakeBackend.POISON}, RequestOptions.INTERACTIVE))
          .satisfies(e -> assertThat(e.isRetryable()).isFalse());
      assertThat(engine.snapshot().notFinite()).isEqualTo(2);
      assertThat(engine.snapshot().failed()).isEqualTo(2);
      assertThat(engine.snapshot().executionsByCore()).containsEntry(0, 3L);
    }
  }

  @Test
  void aTextThatSpoilsItsRowFailsAloneAndItsNeighboursDoNot() {
    Semaphore gate = new Semaphore(0);
    FakeBackend backend = FakeBackend.gated(1, gate, new Shape(1, 16, 4));
    try (EmbeddingEngine engine = start(backend, 4)) {
      CompletableFuture<float[]> hanging = hang(engine, backend);
      CompletableFuture<float[]> first = engine.submit(ROW, RequestOptions.INTERACTIVE);
      CompletableFuture<float[]> bad =
          engine.submit(new int[] {FakeBackend.POISON, 2}, RequestOptions.INTERACTIVE);
      CompletableFuture<float[]> last = engine.submit(ROW, RequestOptions.INTERACTIVE);
      gate.release(5);

      hanging.join();
      assertThat(first.join()).isEqualTo(FakeBackend.vectorOf(ROW));
      assertThat(last.join()).isEqualTo(FakeBackend.vectorOf(ROW));
      assertThatThrownBy(bad::get).hasCauseInstanceOf(NotFiniteException.class);
      assertThat(engine.snapshot().notFinite()).isEqualTo(1);
      assertThat(engine.snapshot().retried()).isEqualTo(3);
      assertThat(engine.snapshot().executionsByCore()).containsEntry(0, 5L);
    }
  }

  /** A device says of an execution as a whole that its numbers are no numbers. */
  @Test
  void anExecutionWithNumbersThatAreNoneIsDoneTextByTextOnce() {
    Semaphore gate = new Semaphore(0);
    AtomicInteger executions = new AtomicInteger();
    IntConsumer faults =
        core -> {
          int number = executions.incrementAndGet();
          if (number == 2 || number == 4) {
            throw new NotFiniteException("NaN", null);
          }
        };
    FakeBackend backend = new FakeBackend(1, List.of(SHAPE), true, shape -> 0, faults, gate);
    try (EmbeddingEngine engine = start(backend, 4)) {
      CompletableFuture<float[]> hanging = hang(engine, backend);
      CompletableFuture<float[]> first = engine.submit(ROW, RequestOptions.INTERACTIVE);
      CompletableFuture<float[]> bad = engine.submit(ROW, RequestOptions.INTERACTIVE);
      CompletableFuture<float[]> last = engine.submit(ROW, RequestOptions.INTERACTIVE);
      gate.release(5);

      hanging.join();
      first.join();
      last.join();
      assertThatThrownBy(bad::get).hasCauseInstanceOf(NotFiniteException.class);
      assertThat(engine.snapshot().retried()).isEqualTo(3);
      assertThat(engine.snapshot().failed()).isEqualTo(1);
      assertThat(executions).hasValue(5);
    }
  }

  @Test
  void whatIsThrownHasTheCallersStackAndTheEnginesAsItsCause() {
    FakeBackend backend =
        new FakeBackend(
            1,
            List.of(SHAPE),
            true,
            shape -> 0,
            core -> {
              throw new InferenceException("of the backend", false);
            },
            null);
    try (EmbeddingEngine engine = start(backend, 4)) {
      assertThatExceptionOfType(InferenceException.class)
          .isThrownBy(() -> engine.embedAll(List.of(ROW), RequestOptions.BULK))
          .withMessage("of the backend")
          .satisfies(
              e -> {
                assertThat(e.getStackTrace())
                    .anyMatch(frame -> frame.getClassName().equals(getClass().getName()));
                assertThat(Objects.requireNonNull(e.getCause()).getStackTrace())
                    .anyMatch(frame -> frame.getClassName().equals(EngineThread.class.getName()));
              });
    }
  }
}
