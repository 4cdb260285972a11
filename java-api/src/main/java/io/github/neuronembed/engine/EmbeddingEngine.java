package io.github.neuronembed.engine;

import io.github.neuronembed.DeadlineExceededException;
import io.github.neuronembed.DeviceFailureException;
import io.github.neuronembed.EmbeddingException;
import io.github.neuronembed.EngineOverloadedException;
import io.github.neuronembed.InferenceException;
import io.github.neuronembed.backend.InferenceBackend;
import io.github.neuronembed.backend.Replica;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.StageTimes;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns concurrent requests into full, well-shaped executions on every core of a backend.
 *
 * <p>A request is rows of token ids. It goes to the bucket of the shortest length that holds it,
 * and shares an execution with what else waits there. A synchronous caller that finds an idle slot
 * runs it on its own thread; the engine's threads serve the rest. Too much waiting work is refused
 * at once ({@link EngineOverloadedException}), bulk work waits for room instead. A core that fails
 * leaves the rotation, and its requests are executed once more elsewhere. Every accepted request
 * ends exactly once: with its own vectors, or with an exception.
 *
 * <p>A batch is bound to a core as late as the core can take it without a pause, so that it may
 * grow until then, and urgent work waits for one execution, not for two.
 *
 * <p>What depends on a future runs on the thread that completes it, one of the engine's, and must
 * not wait there: a blocking call of the engine on such a thread throws {@link
 * IllegalStateException} instead of waiting for itself. Chain with {@code thenApplyAsync} and the
 * like where that matters.
 *
 * <p>Thread-safe.
 */
public final class EmbeddingEngine implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(EmbeddingEngine.class);
  private static final Duration LEAST_RETRY_HINT = Duration.ofMillis(1);

  /** How long closing waits for a thread that is in somebody's callback. */
  private static final long JOIN_MILLIS = 1_000;

  private static final long NEVER = Long.MAX_VALUE;
  private static final long ORIGIN = System.nanoTime();

  private final InferenceBackend backend;
  private final VectorReader reader;
  private final int vocabularySize;
  private final EngineOptions options;
  private final EngineListener listener;
  private final Buckets buckets;
  private final Cores cores = new Cores();
  private final List<SlotSet> slotSets = new ArrayList<>();
  private final List<EngineThread> threads = new ArrayList<>();
  private final CountDownLatch closeEnded = new CountDownLatch(1);

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition work = lock.newCondition();
  private final Condition deadlines = lock.newCondition();
  private final Condition slotBack = lock.newCondition();

  private final RequestQueue queue;
  private final Door door;
  private final Statistics statistics;

  /** When a thread that waits for work looks again by itself. */
  private long nextLook = NEVER;

  /** When the deadline thread looks again by itself. */
  private long nextDeadline = NEVER;

  private int busySlots;
  private boolean closing;
  private boolean closed;

  private EmbeddingEngine(
      InferenceBackend backend, VectorReader reader, int vocabularySize, EngineOptions options) {
    if (vocabularySize < 1) {
      throw new IllegalArgumentException(
          "A vocabulary has at least one token, not %s.".formatted(vocabularySize));
    }
    this.backend = backend;
    this.reader = reader;
    this.vocabularySize = vocabularySize;
    this.options = options;
    this.listener = new GuardedListener(options.listener());
    this.buckets = new Buckets(backend.shapes());
    this.queue = new RequestQueue(buckets, backend.fixedShapes(), options.bulkShare());
    this.door = new Door(lock, queue, options);
    this.statistics = new Statistics(buckets.longest());
  }

  /**
   * Starts an engine.
   *
   * @param backend owned by the engine from now on, which closes it
   * @param vocabularySize token ids are below this; each is checked, because a device does not
   * @throws IllegalArgumentException if the vocabulary is empty
   * @throws io.github.neuronembed.ModelLoadException if there is no memory for the slots; then the
   *     backend is still the caller's
   */
  public static EmbeddingEngine start(
      InferenceBackend backend, VectorReader reader, int vocabularySize, EngineOptions options) {
    EmbeddingEngine engine = new EmbeddingEngine(backend, reader, vocabularySize, options);
    try {
      engine.openSlots();
      engine.startThreads();
    } catch (RuntimeException | Error e) {
      engine.abandonStart(e);
      throw e;
    }
    engine.listener.started(engine::snapshot);
    return engine;
  }

  private void openSlots() {
    for (Replica replica : backend.replicas()) {
      Core core = new Core(replica, backend.executesInTurn());
      cores.add(core);
      for (int i = 0; i < options.slotsPerReplica(); i++) {
        SlotSet set = SlotSet.open(backend, core, reader);
        slotSets.add(set);
        core.idle.add(set);
      }
    }
  }

  private void startThreads() {
    for (int i = 0; i < slotSets.size(); i++) {
      startThread("neuron-embed-engine-" + i, this::serve);
    }
    startThread("neuron-embed-deadlines", this::watchDeadlines);
  }

  private void startThread(String name, Runnable task) {
    EngineThread thread = new EngineThread(this, task, name);
    thread.start();
    threads.add(thread);
  }

  /** No request was accepted yet; the backend stays the caller's. */
  private void abandonStart(Throwable reason) {
    lock.lock();
    try {
      closing = true;
      closed = true;
      work.signalAll();
      deadlines.signalAll();
    } finally {
      lock.unlock();
    }
    joinThreads();
    for (SlotSet slots : slotSets) {
      try {
        slots.close();
      } catch (RuntimeException e) {
        reason.addSuppressed(e);
      }
    }
  }

  /** Nanoseconds on the engine's clock; never negative, so that sums and comparisons are safe. */
  private static long now() {
    return System.nanoTime() - ORIGIN;
  }

  /** At most a century, which leaves room for sums. */
  private static long saturatedNanos(Duration time) {
    Duration most = Duration.ofDays(36_500);
    return (time.compareTo(most) < 0 ? time : most).toNanos();
  }

  /**
   * Embeds one row and waits for it.
   *
   * @param tokenIds ids with special tokens; copied
   * @return a new vector
   * @throws IllegalArgumentException if the row is empty, too long, or has an id that is none
   * @throws EngineOverloadedException if too much is waiting (interactive lane)
   * @throws DeadlineExceededException if the deadline passed before the execution began
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
   * @param rows at most as many as the largest compiled batch of their bucket; as in {@link #embed}
   * @return a new vector for each row, in their order
   * @throws IllegalArgumentException if there are no rows, too many, or one is wrong
   */
  public float[][] embedBatch(int[][] rows, RequestOptions requestOptions) {
    checkMayWait();
    RequestFuture<float[][]> future = new RequestFuture<>(this, vectors -> vectors);
    Request request = newRequest(rows, requestOptions, future);
    Batch batch = new Batch();
    SlotSet slots = VirtualThreads.isCurrent() ? null : takeSlotsIfIdle(request, batch);
    if (slots == null) {
      accept(request);
    } else {
      run(slots, batch);
    }
    return await(future);
  }

  /**
   * Embeds one row without waiting for it. Cancelling the future withdraws the request; so does
   * completing it in any other way before its execution begins. Options that wait for room, as
   * {@link RequestOptions#BULK} do, block this call while the lane is full, except on a thread of
   * the engine, where it is refused; with others this never blocks.
   *
   * @param tokenIds as in {@link #embed}
   * @return fails with what {@link #embed} throws as an {@link EmbeddingException}, a refusal too
   * @throws IllegalArgumentException if the row is empty, too long, or has an id that is none
   * @throws IllegalStateException after {@link #close()}
   */
  public CompletableFuture<float[]> submit(int[] tokenIds, RequestOptions requestOptions) {
    RequestFuture<float[]> future = new RequestFuture<>(this, vectors -> vectors[0]);
    Request request = newRequest(new int[][] {tokenIds}, requestOptions, future);
    try {
      accept(request);
    } catch (EmbeddingException e) {
      future.completeExceptionally(e);
    }
    return future;
  }

  /**
   * Embeds rows without waiting for them, as {@link #submit(int[], RequestOptions)} does with one.
   * When one fails, the others are withdrawn; so are all when the future is completed in another
   * way.
   *
   * @return a new vector for each row, in their order
   */
  public CompletableFuture<List<float[]>> submitAll(
      List<int[]> rows, RequestOptions requestOptions) {
    List<CompletableFuture<float[]>> futures = new ArrayList<>(rows.size());
    CompletableFuture<List<float[]>> all = new CompletableFuture<>();
    try {
      for (int[] row : rows) {
        CompletableFuture<float[]> future = submit(row, requestOptions);
        futures.add(future);
        if (future.isCompletedExceptionally()) {
          break;
        }
      }
    } catch (RuntimeException | Error e) {
      futures.forEach(future -> future.cancel(false));
      throw e;
    }
    for (CompletableFuture<float[]> future : futures) {
      CompletableFuture<float[]> unused =
          future.whenComplete(
              (vector, failure) -> {
                if (failure != null) {
                  all.completeExceptionally(failure);
                }
              });
    }
    CompletableFuture<Boolean> unusedEnd =
        CompletableFuture.allOf(futures.toArray(CompletableFuture[]::new))
            .thenApply(
                nothing -> all.complete(futures.stream().map(CompletableFuture::join).toList()));
    CompletableFuture<List<float[]>> unusedWithdrawal =
        all.whenComplete((vectors, failure) -> futures.forEach(future -> future.cancel(false)));
    return all;
  }

  /**
   * Embeds any number of rows and waits for them. In the bulk lane it waits for room as it goes; in
   * the interactive lane, a list that does not fit is refused.
   *
   * @return a new vector for each row, in their order
   * @throws EmbeddingException the first row's that failed; the others are withdrawn
   */
  public List<float[]> embedAll(List<int[]> rows, RequestOptions requestOptions) {
    checkMayWait();
    List<CompletableFuture<float[]>> futures = new ArrayList<>(rows.size());
    List<float[]> vectors = new ArrayList<>(rows.size());
    try {
      for (int[] row : rows) {
        CompletableFuture<float[]> future = submit(row, requestOptions);
        futures.add(future);
        if (future.isCompletedExceptionally()) {
          await(future);
        }
      }
      for (CompletableFuture<float[]> future : futures) {
        vectors.add(await(future));
      }
      return vectors;
    } catch (RuntimeException | Error e) {
      futures.forEach(future -> future.cancel(false));
      throw e;
    }
  }

  /**
   * Embeds a stream of rows in the bulk lane, in bounded memory: no more rows and vectors are held
   * than {@link EngineOptions#maxQueuedRequests()}.
   *
   * @param rows drawn from on the calling thread, as in {@link #embed}
   * @param vectors receives a new vector for each row, in their order, on the calling thread
   * @return how many rows there were
   * @throws EmbeddingException the first row's that failed; later ones are withdrawn. So are they
   *     when the source or the consumer throws
   */
  public long embedStream(Iterator<int[]> rows, Consumer<float[]> vectors) {
    checkMayWait();
    Deque<CompletableFuture<float[]>> window = new ArrayDeque<>();
    long count = 0;
    try {
      while (rows.hasNext() || !window.isEmpty()) {
        CompletableFuture<float[]> first = window.peekFirst();
        boolean full = !rows.hasNext() || window.size() >= options.maxQueuedRequests();
        if (first != null && (full || first.isDone())) {
          vectors.accept(await(first));
          window.removeFirst();
        } else {
          window.addLast(submit(rows.next(), RequestOptions.BULK));
          count++;
        }
      }
      return count;
    } catch (RuntimeException | Error e) {
      window.forEach(future -> future.cancel(false));
      throw e;
    }
  }

  private Request newRequest(int[][] rows, RequestOptions requestOptions, RequestFuture<?> future) {
    if (rows.length == 0) {
      throw new IllegalArgumentException("A request has at least one row.");
    }
    // Copied, so that the ids that were checked are those that a device sees.
    int[][] copies = new int[rows.length][];
    int longest = 0;
    long tokens = 0;
    for (int i = 0; i < rows.length; i++) {
      copies[i] = rows[i].clone();
      check(copies[i]);
      longest = Math.max(longest, copies[i].length);
      tokens += copies[i].length;
    }
    int bucket = buckets.bucketOf(longest);
    if (copies.length > buckets.largestBatch(bucket)) {
      throw new IllegalArgumentException(
          "%s rows of up to %s tokens do not fit in one execution, only %s do."
              .formatted(copies.length, longest, buckets.largestBatch(bucket)));
    }
    Request request = new Request(copies, (int) tokens, bucket, requestOptions, now(), future);
    future.request = request;
    return request;
  }

  private void check(int[] row) {
    if (row.length == 0) {
      throw new IllegalArgumentException("A row has at least one token.");
    }
    for (int id : row) {
      if (id < 0 || id >= vocabularySize) {
        throw new IllegalArgumentException(
            "Token id %s is not below the vocabulary size %s.".formatted(id, vocabularySize));
      }
    }
  }

  private void checkMayWait() {
    if (isEngineThread()) {
      throw new IllegalStateException(
          "A thread of the engine cannot wait for the engine: call submit, or chain with"
              + " thenApplyAsync.");
    }
  }

  private boolean isEngineThread() {
    return Thread.currentThread() instanceof EngineThread thread && thread.engine == this;
  }

  /**
   * Takes an idle slot for the caller, if nobody waits and nothing is gained by waiting: a batch
   * that might grow, or that is not urgent, is not put behind another execution.
   */
  private @Nullable SlotSet takeSlotsIfIdle(Request request, Batch batch) {
    lock.lock();
    try {
      checkOpen();
      long now = now();
      Core core = queue.isEmpty() ? cores.best(-1, now) : null;
      if (core == null || request.isExpired(now)) {
        return null;
      }
      boolean full = request.rows.length == buckets.largestBatch(request.bucket);
      if (core.nanosUntilWanted(now) > 0 && !(full && request.lane == Lane.INTERACTIVE)) {
        return null;
      }
      if (!full && !options.batchWait().isZero()) {
        return null;
      }
      statistics.accepted(request);
      batch.add(request);
      batch.shape(buckets.shapeFor(request.bucket, request.rows.length));
      return begin(core, batch, now);
    } finally {
      lock.unlock();
    }
  }

  private void accept(Request request) {
    EngineOverloadedException refusal = null;
    lock.lock();
    try {
      checkOpen();
      if (request.isExpired(now())) {
        throw deadlineExceeded();
      }
      if (request.waitsForRoom && !isEngineThread()) {
        awaitRoom(request);
      }
      if (door.hasRoom(request)) {
        statistics.accepted(request);
        queue.add(request);
        work.signal();
        watch(request);
      } else {
        statistics.refused++;
        refusal = new EngineOverloadedException(queue.requests(), queue.tokens(), retryHint());
      }
    } finally {
      lock.unlock();
    }
    if (refusal != null) {
      listener.refused(request.lane);
      throw refusal;
    }
  }

  /** Waits in line. Called with the lock held. */
  private void awaitRoom(Request request) {
    try {
      if (!door.await(request, EmbeddingEngine::now, this::checkOpen)) {
        statistics.refused++;
        throw deadlineExceeded();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InferenceException("Interrupted while waiting for room in the queue.", false, e);
    }
  }

  private void checkOpen() {
    if (closing) {
      throw new IllegalStateException("The embedder is closed.");
    }
    if (cores.noneServes()) {
      throw cores.noneLeft();
    }
  }

  /** How long half of what waits now takes to serve, at the rate of service lately. */
  private Duration retryHint() {
    double nanosPerToken = statistics.nanosPerToken() / slotSets.size();
    Duration hint = Duration.ofNanos((long) (nanosPerToken * queue.tokens() / 2));
    return hint.compareTo(LEAST_RETRY_HINT) < 0 ? LEAST_RETRY_HINT : hint;
  }

  private static <T> T await(CompletableFuture<T> future) {
    try {
      return future.get();
    } catch (InterruptedException e) {
      future.cancel(false);
      Thread.currentThread().interrupt();
      throw new InferenceException("Interrupted while waiting for a vector.", false, e);
    } catch (CancellationException e) {
      throw new InferenceException("The request was cancelled.", false, e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException reason) {
        throw reason;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  private SlotSet begin(Core core, Batch batch, long now) {
    for (Request request : batch.requests) {
      request.state = Request.State.RUNNING;
      request.startNanos = now;
      statistics.begun(request);
    }
    busySlots++;
    return core.begin(batch, now);
  }

  /** What a thread of the engine does: takes a batch and a slot, and executes, until the end. */
  private void serve() {
    Batch batch = new Batch();
    while (true) {
      batch.clear();
      SlotSet slots = null;
      lock.lock();
      try {
        while (slots == null && batch.dead.isEmpty()) {
          if (closed) {
            return;
          }
          slots = next(batch);
        }
      } finally {
        lock.unlock();
      }
      tell(batch.dead);
      if (slots != null) {
        run(slots, batch);
      }
    }
  }

  /** One look at the queue: a batch and slots for it, or a wait. Called with the lock held. */
  private @Nullable SlotSet next(Batch batch) {
    long now = now();
    if (queue.isEmpty()) {
      awaitWork(NEVER);
      return null;
    }
    long batchWait = closing ? 0 : saturatedNanos(options.batchWait());
    Request leader = queue.leader(now, batchWait);
    Core core = cores.best(leader == null ? -1 : leader.avoidCore, now);
    if (leader == null || core == null) {
      // Without an idle slot, the next one given back brings a signal.
      awaitWork(core == null ? NEVER : queue.ripeAt(batchWait));
      return null;
    }
    long early = core.nanosUntilWanted(now);
    if (early > 0) {
      awaitWork(now + early);
      return null;
    }
    queue.take(leader, now, core::serviceNanos, batch);
    door.roomMade();
    endDead(batch.dead, now);
    SlotSet slots = null;
    if (batch.isEmpty()) {
      slotBack.signalAll();
    } else {
      slots = begin(core, batch, now);
    }
    if (!queue.isEmpty()) {
      work.signal();
    }
    return slots;
  }

  /**
   * Waits for a signal, or for a time unless another thread looks by then anyway. The caller's loop
   * looks again.
   */
  @SuppressWarnings("WaitNotInLoop")
  private void awaitWork(long until) {
    boolean timed = until < nextLook;
    try {
      if (timed) {
        nextLook = until;
        work.awaitNanos(until - now());
      } else {
        work.await();
      }
    } catch (InterruptedException e) {
      // A callback's doing; it ends no thread of the engine. The flag is clear again.
      work.signal();
    } finally {
      if (timed && nextLook == until) {
        nextLook = NEVER;
      }
    }
  }

  /** Has the deadline thread look in time. Called with the lock held. */
  private void watch(Request request) {
    if (request.deadlineNanos < nextDeadline) {
      nextDeadline = request.deadlineNanos;
      deadlines.signal();
    }
  }

  /** Ends requests whose deadline passes while they wait, also when every slot hangs. */
  private void watchDeadlines() {
    while (true) {
      List<Request> expired;
      lock.lock();
      try {
        while (!closed && now() < nextDeadline) {
          awaitDeadline();
        }
        if (closed) {
          return;
        }
        long now = now();
        expired = queue.takeExpired(now);
        endDead(expired, now);
        nextDeadline = queue.earliestDeadline();
        if (!expired.isEmpty()) {
          door.roomMade();
          slotBack.signalAll();
        }
      } finally {
        lock.unlock();
      }
      tell(expired);
    }
  }

  @SuppressWarnings("WaitNotInLoop") // the caller's loop looks again
  private void awaitDeadline() {
    try {
      if (nextDeadline == NEVER) {
        deadlines.await();
      } else {
        deadlines.awaitNanos(nextDeadline - now());
      }
    } catch (InterruptedException e) {
      // A callback's doing; the flag is clear again.
    }
  }

  /** Ends requests that are not worth an execution. Called with the lock held. */
  private void endDead(List<Request> dead, long now) {
    for (Request request : dead) {
      if (request.outcome.isAbandoned()) {
        end(request, Ending.CANCELLED, null);
      } else {
        request.startNanos = now;
        end(request, Ending.EXPIRED, deadlineExceeded());
      }
    }
  }

  private void end(Request request, Ending ending, @Nullable RuntimeException reason) {
    request.end(ending, reason);
    statistics.ended(ending);
  }

  private static DeadlineExceededException deadlineExceeded() {
    return new DeadlineExceededException("The deadline passed before the execution began.");
  }

  /** Executes a batch on slots that were taken for it, gives them back, and ends the requests. */
  private void run(SlotSet slots, Batch batch) {
    float[][][] vectors = new float[batch.requests.size()][][];
    long start = now();
    RuntimeException failure = execute(slots, batch, vectors);
    long end = now();
    EngineListener.Execution execution =
        failure == null ? execution(slots, batch, end - start) : null;
    List<Request> over = new ArrayList<>(batch.requests.size());
    boolean last;
    lock.lock();
    try {
      giveBack(slots, failure == null, end);
      if (failure != null) {
        afterFailure(slots.core, failure, batch, over);
      } else {
        slots.core.executions++;
        statistics.executed(batch, slots.computedTokens(), end - start);
        for (Request request : batch.requests) {
          if (request.state == Request.State.RUNNING) {
            end(request, request.outcome.isAbandoned() ? Ending.CANCELLED : Ending.COMPLETED, null);
          }
        }
      }
      last = closed && busySlots == 0;
    } finally {
      lock.unlock();
    }
    if (execution != null) {
      listener.executed(execution);
      for (int i = 0; i < vectors.length; i++) {
        tell(batch.requests.get(i), vectors[i]);
      }
    }
    tell(over);
    if (last) {
      freeLate();
    }
  }

  /** Executes; returns why it failed. */
  private static @Nullable RuntimeException execute(
      SlotSet slots, Batch batch, float[][][] vectors) {
    try {
      slots.execute(batch, vectors);
      return null;
    } catch (EmbeddingException e) {
      return e;
    } catch (RuntimeException | Error e) {
      return new InferenceException("The execution failed: " + e, false, e);
    }
  }

  private static EngineListener.Execution execution(SlotSet slots, Batch batch, long nanos) {
    StageTimes times = slots.stageTimes();
    return new EngineListener.Execution(
        slots.core.index(),
        batch.shape(),
        batch.rows(),
        batch.tokens(),
        slots.computedTokens(),
        times.writeNanos(),
        times.executeNanos(),
        times.readNanos(),
        nanos);
  }

  private void giveBack(SlotSet slots, boolean well, long now) {
    slots.core.end(slots, well, now);
    busySlots--;
    if (!queue.isEmpty()) {
      work.signal();
    }
    slotBack.signalAll();
  }

  /**
   * Decides what becomes of requests whose execution failed: some wait again. Called with the lock
   * held.
   *
   * @param over receives the requests that are over
   */
  private void afterFailure(Core core, RuntimeException failure, Batch batch, List<Request> over) {
    boolean again = failure instanceof InferenceException e && e.isRetryable();
    if (failure instanceof DeviceFailureException device) {
      if (cores.fail(core, device)) {
        LOG.error("Core {} left the rotation: {}", core.index(), device.getMessage());
      }
      again = true;
    }
    boolean anyCore = !cores.noneServes();
    for (Request request : batch.requests) {
      if (request.state != Request.State.RUNNING) {
        continue;
      }
      if (request.outcome.isAbandoned()) {
        end(request, Ending.CANCELLED, null);
        over.add(request);
      } else if (again && anyCore && !closed && !request.retried) {
        request.retried = true;
        request.avoidCore = core.index();
        statistics.retried++;
        queue.putBack(request);
        watch(request);
      } else {
        end(request, Ending.FAILED, failure);
        over.add(request);
      }
    }
    if (!anyCore) {
      for (Request request : queue.drain()) {
        end(request, Ending.FAILED, cores.noneLeft());
        over.add(request);
      }
      door.wakeAll();
    }
    work.signalAll();
  }

  private void tell(List<Request> over) {
    for (Request request : over) {
      tell(request, null);
    }
  }

  /** Tells a request's end to those who wait for it. Called once for each, without the lock. */
  private void tell(Request request, float @Nullable [][] vectors) {
    Ending ending = request.ending;
    if (ending == null || (vectors != null && request.failure != null)) {
      // It waits again, or it was failed and told when the engine was closed.
      return;
    }
    long now = now();
    listener.ended(
        new EngineListener.RequestEnd(
            request.lane,
            buckets.length(request.bucket),
            request.rows.length,
            request.tokens,
            ending,
            (request.startNanos == 0 ? now : request.startNanos) - request.madeNanos,
            now - request.madeNanos));
    try {
      if (request.failure != null) {
        request.outcome.failure(request.failure);
      } else if (vectors != null) {
        request.outcome.vectors(vectors);
      }
    } catch (RuntimeException | Error e) {
      LOG.error("What depends on a request's future failed.", e);
    }
  }

  /** A future was cancelled: its request leaves the queue if it is still there. */
  void withdraw(Request request) {
    boolean withdrawn = false;
    lock.lock();
    try {
      if (request.state == Request.State.QUEUED) {
        queue.remove(request);
        end(request, Ending.CANCELLED, null);
        withdrawn = true;
        door.roomMade();
        slotBack.signalAll();
      }
    } finally {
      lock.unlock();
    }
    if (withdrawn) {
      tell(request, null);
    }
  }

  /**
   * Executes every shape on every slot once, cores side by side, so that no request pays for what
   * happens only the first time, and the engine knows how long executions take. Waits for slots
   * that are in use.
   *
   * @throws EmbeddingException if an execution failed; a failed core leaves the rotation
   */
  public void warmUp() {
    checkMayWait();
    List<Thread> warming = new ArrayList<>();
    List<RuntimeException> failures = new ArrayList<>();
    for (Core core : cores) {
      Thread thread =
          new Thread(() -> warmUp(core, failures), "neuron-embed-warm-up-" + core.index());
      thread.setDaemon(true);
      thread.start();
      warming.add(thread);
    }
    try {
      for (Thread thread : warming) {
        thread.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InferenceException("Interrupted while warming up.", false, e);
    }
    synchronized (failures) {
      if (!failures.isEmpty()) {
        throw failures.get(0);
      }
    }
  }

  private void warmUp(Core core, List<RuntimeException> failures) {
    try {
      for (SlotSet slots : slotSets) {
        if (slots.core == core) {
          for (Shape shape : backend.shapes()) {
            warmUp(slots, shape);
          }
        }
      }
    } catch (RuntimeException e) {
      synchronized (failures) {
        failures.add(e);
      }
    }
  }

  private void warmUp(SlotSet slots, Shape shape) {
    Batch batch = new Batch();
    RequestFuture<float[][]> future = new RequestFuture<>(this, vectors -> vectors);
    int[][] rows = new int[shape.batchSize()][shape.sequenceLength()];
    batch.add(new Request(rows, shape.tokens(), 0, RequestOptions.INTERACTIVE, now(), future));
    batch.shape(shape);
    lock.lock();
    try {
      while (!slots.core.idle.contains(slots)) {
        checkOpen();
        slotBack.awaitUninterruptibly();
      }
      checkOpen();
      if (slots.core.failure != null) {
        throw slots.core.failure;
      }
      busySlots++;
      slots.core.idle.remove(slots);
      slots.core.begin(slots, batch, now());
    } finally {
      lock.unlock();
    }
    RuntimeException failure = execute(slots, batch, new float[1][][]);
    List<Request> over = new ArrayList<>();
    boolean last;
    lock.lock();
    try {
      giveBack(slots, failure == null, now());
      if (failure != null) {
        afterFailure(slots.core, failure, new Batch(), over);
      }
      last = closed && busySlots == 0;
    } finally {
      lock.unlock();
    }
    tell(over);
    if (last) {
      freeLate();
    }
    if (failure != null) {
      throw failure;
    }
  }

  /** Whether all, some or none of the cores serve, and why. */
  public EngineHealth health() {
    lock.lock();
    try {
      return cores.health(closing);
    } finally {
      lock.unlock();
    }
  }

  /** What the engine has done so far. */
  public EngineSnapshot snapshot() {
    lock.lock();
    try {
      return statistics.snapshot(cores.health(closing), cores, queue);
    } finally {
      lock.unlock();
    }
  }

  /** Tells the engine's listener that a text was tokenized, which the engine knows nothing of. */
  public void tokenized(long nanos) {
    listener.tokenized(nanos);
  }

  /** Tells the engine's listener that a text lost its end, which the engine knows nothing of. */
  public void truncated() {
    listener.truncated();
  }

  /**
   * Takes no more requests, lets the accepted ones end within the close timeout, fails what is left
   * then, and closes the backend. An execution that is under way even then cannot be stopped: its
   * memory and the backend are freed when it returns. Interrupting this thread ends the patience.
   * Does nothing when it is closed already; waits when another thread is closing it.
   */
  @Override
  public void close() {
    @Nullable List<Request> left = null;
    boolean free = false;
    lock.lock();
    try {
      if (!closing) {
        closing = true;
        door.wakeAll();
        work.signalAll();
        slotBack.signalAll();
        awaitDrained();
        left = failWhatIsLeft();
        closed = true;
        work.signalAll();
        deadlines.signalAll();
        free = busySlots == 0;
      }
    } finally {
      lock.unlock();
    }
    if (left == null) {
      awaitClosed();
      return;
    }
    try {
      tell(left);
      joinThreads();
      if (free) {
        free();
      } else {
        LOG.warn("Closed while executions are under way: memory is freed when they return.");
      }
    } finally {
      listener.closed();
      closeEnded.countDown();
    }
  }

  private void awaitDrained() {
    long patience = saturatedNanos(options.closeTimeout());
    try {
      while (patience > 0 && (!queue.isEmpty() || busySlots > 0)) {
        patience = slotBack.awaitNanos(patience);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends what waits and what is under way. Called with the lock held. */
  private List<Request> failWhatIsLeft() {
    List<Request> left = queue.drain();
    for (SlotSet slots : slotSets) {
      for (Request request : slots.requests) {
        if (request.state == Request.State.RUNNING) {
          left.add(request);
        }
      }
    }
    for (Request request : left) {
      end(
          request,
          Ending.FAILED,
          new IllegalStateException("The embedder was closed before the request was served."));
    }
    return left;
  }

  /** Another thread is closing; a thread of the engine is awaited there, so it does not wait. */
  private void awaitClosed() {
    if (isEngineThread()) {
      return;
    }
    try {
      closeEnded.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Frees slots and backend. Nothing is under way, and nothing can begin. */
  private void free() {
    RuntimeException first = null;
    for (SlotSet slots : slotSets) {
      try {
        slots.close();
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

  private void joinThreads() {
    boolean interrupted = Thread.interrupted();
    long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(JOIN_MILLIS);
    for (Thread thread : threads) {
      long millis = TimeUnit.NANOSECONDS.toMillis(until - System.nanoTime());
      while (thread != Thread.currentThread() && thread.isAlive() && millis > 0) {
        try {
          thread.join(millis);
        } catch (InterruptedException e) {
          interrupted = true;
        }
        millis = TimeUnit.NANOSECONDS.toMillis(until - System.nanoTime());
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
