package io.github.neuronembed.engine;

import io.github.neuronembed.DeadlineExceededException;
import io.github.neuronembed.DeviceFailureException;
import io.github.neuronembed.EmbeddingException;
import io.github.neuronembed.EngineOverloadedException;
import io.github.neuronembed.InferenceException;
import io.github.neuronembed.backend.InferenceBackend;
import io.github.neuronembed.backend.Replica;
import io.github.neuronembed.backend.TokenRow;
import io.github.neuronembed.engine.core.Cores;
import io.github.neuronembed.engine.queue.Buckets;
import io.github.neuronembed.engine.queue.PackedBatches;
import io.github.neuronembed.engine.queue.PlainBatches;
import io.github.neuronembed.engine.queue.Request;
import io.github.neuronembed.engine.queue.RequestQueue;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns concurrent requests into full, well-shaped executions on every core of a backend.
 *
 * <p>A request is rows of token ids. It goes to the bucket of the shortest length that holds it,
 * and shares an execution with the other requests there. With packed shapes it shares a row with
 * other waiting requests of any length. A synchronous caller that finds an idle slot runs it on its
 * own thread; the engine's threads serve the rest. The requests of a call are admitted or rejected
 * as a whole. When the queue is full, a call is rejected at once ({@link
 * EngineOverloadedException}); bulk work waits for space instead. A core that fails leaves the
 * rotation, and its requests are executed once more on another core. Every accepted request ends
 * exactly once: with its own vectors, which have finite numbers only, or with an exception. A
 * thrown exception has the stack of the waiting thread, and the engine's exception as its cause.
 *
 * <p>A batch is bound to a core just before the core becomes idle. Until then it keeps growing, and
 * urgent work waits for one execution, not for two.
 *
 * <p>The dependents of a future run on the engine thread that completes it, and must not block
 * there: a blocking call of the engine on such a thread throws {@link IllegalStateException}
 * instead of a deadlock. Use {@code thenApplyAsync} and similar methods for blocking work.
 *
 * <p>Thread-safe.
 */
public final class EmbeddingEngine implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(EmbeddingEngine.class);

  /** How long closing waits for a thread that is in a caller's callback. */
  private static final long JOIN_MILLIS = 1_000;

  private final InferenceBackend backend;
  private final EngineOptions options;
  private final EngineListener listener;
  private final TokenRows tokenRows;
  private final List<SlotSet> slots;
  private final Cores cores;
  private final Dispatcher dispatcher;
  private final ManyRows manyRows;
  private final AtomicBoolean closing = new AtomicBoolean();
  private final CountDownLatch closeEnded = new CountDownLatch(1);

  private EmbeddingEngine(
      InferenceBackend backend, List<SlotSet> slots, int vocabularySize, EngineOptions options) {
    this.backend = backend;
    this.options = options;
    this.slots = slots;
    this.listener = new GuardedListener(options.listener());
    Buckets buckets = new Buckets(backend.shapes());
    this.tokenRows = new TokenRows(buckets, vocabularySize);
    this.cores =
        new Cores(
            backend.replicas().stream().map(Replica::core).toList(),
            options.slotsPerReplica(),
            backend.executesInTurn(),
            backend.shapes());
    RequestQueue queue =
        new RequestQueue(
            buckets,
            buckets.arePacked()
                ? new PackedBatches(buckets)
                : new PlainBatches(buckets, backend.fixedShapes()),
            options.bulkShare(),
            options.maxQueuedRequests(),
            options.maxQueuedTokens());
    this.dispatcher =
        new Dispatcher(
            new Scheduler(buckets, queue, cores, saturatedNanos(options.batchWait())),
            slots,
            new Completions(
                listener,
                options.listener() != EngineListener.NONE,
                IntStream.range(0, buckets.count()).map(buckets::length).toArray()),
            listener,
            this::freeLate);
    this.manyRows = new ManyRows(dispatcher, tokenRows, options);
  }

  /**
   * Starts an engine.
   *
   * @param backend owned by the engine from now on; the engine closes it
   * @param vocabularySize token ids are below this; each is checked, because a device does not
   * @throws IllegalArgumentException if the vocabulary is empty
   * @throws io.github.neuronembed.ModelLoadException if there is no memory for the slots; then the
   *     backend is still the caller's
   */
  public static EmbeddingEngine start(
      InferenceBackend backend, VectorReader reader, int vocabularySize, EngineOptions options) {
    List<SlotSet> slots = new ArrayList<>();
    EmbeddingEngine engine;
    try {
      for (Replica replica : backend.replicas()) {
        for (int i = 0; i < options.slotsPerReplica(); i++) {
          slots.add(SlotSet.open(replica, backend.shapes(), reader));
        }
      }
      engine = new EmbeddingEngine(backend, slots, vocabularySize, options);
    } catch (RuntimeException | Error e) {
      closeAfter(e, slots);
      throw e;
    }
    try {
      engine.dispatcher.start();
    } catch (RuntimeException | Error e) {
      // No request was accepted yet.
      engine.dispatcher.stop(0);
      engine.dispatcher.join(JOIN_MILLIS);
      closeAfter(e, slots);
      throw e;
    }
    engine.listener.started(engine::snapshot);
    return engine;
  }

  private static void closeAfter(Throwable reason, List<SlotSet> slots) {
    for (SlotSet set : slots) {
      try {
        set.close();
      } catch (RuntimeException | Error e) {
        reason.addSuppressed(e);
      }
    }
  }

  /** At most a century, so that sums do not overflow. */
  private static long saturatedNanos(Duration time) {
    Duration most = Duration.ofDays(36_500);
    return (time.compareTo(most) < 0 ? time : most).toNanos();
  }

  /**
   * Embeds one row and waits for it.
   *
   * @param tokenIds ids with special tokens; copied
   * @return a new vector
   * @throws IllegalArgumentException if the row is empty, too long, or has an invalid id
   * @throws EngineOverloadedException if the queue is full (interactive lane)
   * @throws DeadlineExceededException if the deadline passed before the execution began
   * @throws io.github.neuronembed.NotFiniteException if the model returned a non-finite value
   * @throws InferenceException if the execution failed, or this thread was interrupted
   * @throws DeviceFailureException if no core is left
   * @throws IllegalStateException after {@link #close()}, or on a thread of the engine
   */
  public float[] embed(int[] tokenIds, RequestOptions requestOptions) {
    return embedBatch(new int[][] {tokenIds}, requestOptions)[0];
  }

  /**
   * Embeds rows as one execution and waits for it: for callers that form their batches themselves.
   *
   * @param rows at most as many as fit one execution: the largest compiled batch of their bucket,
   *     or as many as fit the rows of a packed shape; as in {@link #embed}
   * @return a new vector for each row, in their order
   * @throws IllegalArgumentException if there are no rows, too many, or one is wrong
   */
  public float[][] embedBatch(int[][] rows, RequestOptions requestOptions) {
    checkMayWait();
    Call call =
        new Call(List.of(tokenRows.request(rows)), requestOptions, true, Dispatcher.now(), null);
    dispatcher.submit(call, !VirtualThreads.isCurrent());
    return call.await(dispatcher);
  }

  /**
   * Embeds one row without waiting for it. The request is withdrawn at once when the future is
   * completed in another way: by cancellation, a value or a timeout. Options that wait for space,
   * for example {@link RequestOptions#BULK}, block this call while the lane is full, except on an
   * engine thread, where it is rejected. With other options this never blocks.
   *
   * @param tokenIds as in {@link #embed}
   * @return fails with what {@link #embed} throws as an {@link EmbeddingException}, including a
   *     rejection
   * @throws IllegalArgumentException if the row is empty, too long, or has an invalid id
   * @throws IllegalStateException after {@link #close()}
   */
  public CompletableFuture<float[]> submit(int[] tokenIds, RequestOptions requestOptions) {
    return submit(
        List.of(tokenRows.request(new int[][] {tokenIds})), requestOptions, vectors -> vectors[0]);
  }

  /**
   * Embeds rows without waiting for them, as {@link #submit(int[], RequestOptions)} does with one.
   * They are admitted or rejected as a whole. When one fails, the others are withdrawn.
   *
   * @return a new vector for each row, in their order
   */
  public CompletableFuture<List<float[]>> submitAll(
      List<int[]> rows, RequestOptions requestOptions) {
    if (rows.isEmpty()) {
      return CompletableFuture.completedFuture(List.of());
    }
    return submit(tokenRows.requests(rows), requestOptions, Arrays::asList);
  }

  /**
   * Computes pairs, or texts, without waiting for them, as {@link #submitAll} does with texts.
   *
   * @return a new vector for each row, in their order
   */
  public CompletableFuture<List<float[]>> submitPairs(
      List<TokenRow> rows, RequestOptions requestOptions) {
    if (rows.isEmpty()) {
      return CompletableFuture.completedFuture(List.of());
    }
    return submit(tokenRows.pairs(rows), requestOptions, Arrays::asList);
  }

  private <T> CompletableFuture<T> submit(
      List<Request> requests, RequestOptions requestOptions, Function<float[][], T> result) {
    RequestFuture<T> future = new RequestFuture<>(result);
    Call call = new Call(requests, requestOptions, true, Dispatcher.now(), future);
    try {
      dispatcher.submit(call, false);
      future.of(call, dispatcher::withdraw);
    } catch (EmbeddingException e) {
      future.completeExceptionally(e);
    }
    return future;
  }

  /**
   * Embeds any number of rows and waits for them. In the bulk lane they enter in parts, as the
   * queue has space; in the interactive lane they are admitted or rejected as a whole.
   *
   * @return a new vector for each row, in their order
   * @throws EmbeddingException of the first row that failed; the others are withdrawn
   */
  public List<float[]> embedAll(List<int[]> rows, RequestOptions requestOptions) {
    checkMayWait();
    return manyRows.list(tokenRows.requests(rows), requestOptions);
  }

  /**
   * Computes any number of pairs, or texts, and waits for them, as {@link #embedAll} does with
   * texts.
   *
   * @return a new vector for each row, in their order
   */
  public List<float[]> computePairs(List<TokenRow> rows, RequestOptions requestOptions) {
    checkMayWait();
    return manyRows.list(tokenRows.pairs(rows), requestOptions);
  }

  /**
   * Embeds a stream of rows in the bulk lane, in bounded memory: at most {@link
   * EngineOptions#maxQueuedRequests()} rows and vectors are held.
   *
   * @param rows read on the calling thread, as in {@link #embed}
   * @param vectors receives a new vector for each row, in their order, on the calling thread
   * @return how many rows there were
   * @throws EmbeddingException of the first row that failed; later rows are withdrawn, also if the
   *     source or the consumer throws
   */
  public long embedStream(Iterator<int[]> rows, Consumer<float[]> vectors) {
    checkMayWait();
    return manyRows.stream(rows, vectors);
  }

  private void checkMayWait() {
    if (dispatcher.isOwnThread()) {
      throw new IllegalStateException(
          "An engine thread cannot wait for the engine: call submit, or chain with"
              + " thenApplyAsync.");
    }
  }

  /**
   * Executes every shape on every slot once, all cores in parallel, so that no request pays for
   * one-time work and the engine knows how long executions take. Waits for slots that are in use.
   *
   * @throws EmbeddingException if an execution failed; a failed core leaves the rotation
   */
  public void warmUp() {
    checkMayWait();
    new WarmUp(dispatcher, cores, backend.shapes()).run();
  }

  /** Whether all, some or none of the cores serve, and why. */
  public EngineHealth health() {
    return dispatcher.health();
  }

  /** What the engine has done so far. */
  public EngineSnapshot snapshot() {
    return dispatcher.snapshot();
  }

  /**
   * Reports to the engine's listener that a text was tokenized, which happens outside the engine.
   */
  public void tokenized(long nanos) {
    listener.tokenized(nanos);
  }

  /**
   * Reports to the engine's listener that a text was truncated, which happens outside the engine.
   */
  public void truncated() {
    listener.truncated();
  }

  /**
   * Accepts no more requests, lets the accepted ones end within the close timeout, then fails the
   * rest and closes the backend. An execution that still runs then cannot be stopped: its memory
   * and the backend are freed when it returns. If this thread is interrupted, it stops waiting and
   * closes at once. Does nothing when it is closed already; waits when another thread is closing
   * it.
   */
  @Override
  public void close() {
    if (closing.getAndSet(true)) {
      awaitClosed();
      return;
    }
    try {
      boolean free = dispatcher.stop(saturatedNanos(options.closeTimeout()));
      dispatcher.join(JOIN_MILLIS);
      if (free) {
        free();
      } else {
        LOG.warn("Closed while executions are still running: memory is freed when they return.");
      }
    } finally {
      listener.closed();
      closeEnded.countDown();
    }
  }

  /** Another thread is closing; a thread of the engine is awaited there, so it does not wait. */
  private void awaitClosed() {
    if (dispatcher.isOwnThread()) {
      return;
    }
    try {
      closeEnded.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Frees slots and backend. No execution runs, and none can begin. */
  private void free() {
    RuntimeException first = null;
    for (SlotSet set : slots) {
      try {
        set.close();
      } catch (RuntimeException e) {
        first = first == null ? e : first;
      }
    }
    backend.close();
    if (first != null) {
      throw first;
    }
  }

  /** On the thread of the last execution that closing could not wait for. */
  private void freeLate() {
    try {
      free();
    } catch (RuntimeException e) {
      LOG.error("The backend could not be freed.", e);
    }
  }
}
