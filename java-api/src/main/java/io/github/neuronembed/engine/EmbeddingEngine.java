package io.github.neuronembed.engine;

import io.github.neuronembed.DeadlineExceededException;
import io.github.neuronembed.DeviceFailureException;
import io.github.neuronembed.EmbeddingException;
import io.github.neuronembed.EngineOverloadedException;
import io.github.neuronembed.InferenceException;
import io.github.neuronembed.backend.InferenceBackend;
import io.github.neuronembed.backend.Replica;
import io.github.neuronembed.backend.Shape;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
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
 * <p>Thread-safe.
 */
public final class EmbeddingEngine implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(EmbeddingEngine.class);
  private static final Duration LEAST_RETRY_HINT = Duration.ofMillis(1);

  private final InferenceBackend backend;
  private final VectorReader reader;
  private final EngineOptions options;
  private final Buckets buckets;
  private final List<Core> cores = new ArrayList<>();
  private final List<SlotSet> slotSets = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition work = lock.newCondition();
  private final Condition room = lock.newCondition();
  private final Condition idle = lock.newCondition();
  private final RequestQueue queue;
  private final Statistics statistics = new Statistics();
  private int busySlots;
  private boolean closing;
  private boolean closed;

  private EmbeddingEngine(InferenceBackend backend, VectorReader reader, EngineOptions options) {
    this.backend = backend;
    this.reader = reader;
    this.options = options;
    this.buckets = new Buckets(backend.shapes());
    this.queue = new RequestQueue(buckets, options.bulkShare());
  }

  /**
   * Starts an engine.
   *
   * @param backend owned by the engine from now on, which closes it
   * @throws io.github.neuronembed.ModelLoadException if there is no memory for the slots; then the
   *     backend is still the caller's
   */
  public static EmbeddingEngine start(
      InferenceBackend backend, VectorReader reader, EngineOptions options) {
    EmbeddingEngine engine = new EmbeddingEngine(backend, reader, options);
    engine.openSlots();
    engine.startThreads();
    return engine;
  }

  private void openSlots() {
    try {
      for (Replica replica : backend.replicas()) {
        Core core = new Core(replica);
        cores.add(core);
        for (int i = 0; i < options.slotsPerReplica(); i++) {
          SlotSet set = SlotSet.open(backend, core, reader);
          slotSets.add(set);
          core.idle.add(set);
        }
      }
    } catch (RuntimeException e) {
      slotSets.forEach(SlotSet::close);
      throw e;
    }
  }

  private void startThreads() {
    for (int i = 0; i < slotSets.size(); i++) {
      Thread thread = new Thread(this::serve, "neuron-embed-engine-" + i);
      thread.setDaemon(true);
      threads.add(thread);
      thread.start();
    }
  }

  /**
   * Embeds one row and waits for it.
   *
   * @param tokenIds ids with special tokens; not written to, and not to be written to meanwhile
   * @return a new vector
   * @throws IllegalArgumentException if the row is empty, too long, or has an id that is none
   * @throws EngineOverloadedException if too much is waiting (interactive lane)
   * @throws DeadlineExceededException if the deadline passed before the execution began
   * @throws InferenceException if the execution failed, or this thread was interrupted
   * @throws DeviceFailureException if no core is left
   * @throws IllegalStateException after {@link #close()}
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
    RequestFuture<float[][]> future = new RequestFuture<>(this, vectors -> vectors);
    Request request = newRequest(rows, requestOptions, future);
    future.request = request;
    SlotSet slots = VirtualThreads.isCurrent() ? null : acceptOrTakeSlots(request);
    if (slots != null) {
      run(slots, request.bucket, List.of(request));
    } else if (request.state == Request.State.NEW) {
      accept(request);
    }
    return await(future);
  }

  /**
   * Embeds one row without waiting for it. Cancelling the future withdraws the request if its
   * execution has not begun.
   *
   * @param tokenIds as in {@link #embed}; a refusal and a wrong argument are thrown at once
   */
  public CompletableFuture<float[]> submit(int[] tokenIds, RequestOptions requestOptions) {
    RequestFuture<float[]> future = new RequestFuture<>(this, vectors -> vectors[0]);
    Request request = newRequest(new int[][] {tokenIds}, requestOptions, future);
    future.request = request;
    accept(request);
    return future;
  }

  /**
   * Embeds any number of rows and waits for them. In the bulk lane it waits for room as it goes; in
   * the interactive lane, a list that does not fit is refused.
   *
   * @return a new vector for each row, in their order
   * @throws EmbeddingException the first row's that failed; the others are withdrawn
   */
  public List<float[]> embedAll(List<int[]> rows, RequestOptions requestOptions) {
    List<CompletableFuture<float[]>> futures = new ArrayList<>(rows.size());
    List<float[]> vectors = new ArrayList<>(rows.size());
    try {
      for (int[] row : rows) {
        futures.add(submit(row, requestOptions));
      }
      for (CompletableFuture<float[]> future : futures) {
        vectors.add(await(future));
      }
      return vectors;
    } catch (RuntimeException e) {
      futures.forEach(future -> future.cancel(false));
      throw e;
    }
  }

  private Request newRequest(int[][] rows, RequestOptions requestOptions, Request.Outcome outcome) {
    if (rows.length == 0) {
      throw new IllegalArgumentException("A request has at least one row.");
    }
    int longest = 0;
    int tokens = 0;
    for (int[] row : rows) {
      if (row.length == 0) {
        throw new IllegalArgumentException("A row has at least one token.");
      }
      for (int id : row) {
        if (id < 0 || id >= options.vocabularySize()) {
          throw new IllegalArgumentException(
              "Token id %d is not below the vocabulary size %d."
                  .formatted(id, options.vocabularySize()));
        }
      }
      longest = Math.max(longest, row.length);
      tokens += row.length;
    }
    int bucket = buckets.bucketOf(longest);
    if (rows.length > buckets.largestBatch(bucket)) {
      throw new IllegalArgumentException(
          "%d rows of up to %d tokens do not fit in one execution, only %d do."
              .formatted(rows.length, longest, buckets.largestBatch(bucket)));
    }
    return new Request(rows, tokens, bucket, requestOptions, System.nanoTime(), outcome);
  }

  /** Takes an idle slot for the caller if nobody waits; else the request goes the usual way. */
  private @Nullable SlotSet acceptOrTakeSlots(Request request) {
    lock.lock();
    try {
      checkOpen();
      Core core = queue.isEmpty() ? leastBusyCore(-1) : null;
      if (core == null) {
        return null;
      }
      statistics.accepted(request);
      return takeSlots(core);
    } finally {
      lock.unlock();
    }
  }

  private void accept(Request request) {
    lock.lock();
    try {
      checkOpen();
      while (!hasRoom(request)) {
        if (request.lane == Lane.INTERACTIVE) {
          statistics.refused++;
          throw new EngineOverloadedException(queue.requests(), queue.tokens(), retryHint());
        }
        awaitRoom();
        checkOpen();
      }
      statistics.accepted(request);
      queue.add(request);
      work.signal();
    } finally {
      lock.unlock();
    }
  }

  private boolean hasRoom(Request request) {
    return queue.isEmpty()
        || (queue.requests() < options.maxQueuedRequests()
            && queue.tokens() + request.tokens <= options.maxQueuedTokens());
  }

  @SuppressWarnings("WaitNotInLoop") // the caller's loop looks again
  private void awaitRoom() {
    try {
      room.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InferenceException("Interrupted while waiting for room in the queue.", false, e);
    }
  }

  private void checkOpen() {
    if (closing) {
      throw new IllegalStateException("The embedder is closed.");
    }
    for (Core core : cores) {
      if (core.failure == null) {
        return;
      }
    }
    throw noCoreLeft();
  }

  /** How long what waits now takes to serve, at the rate of service so far. */
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

  /** The least busy core with an idle slot, another than the one to avoid if there is one. */
  private @Nullable Core leastBusyCore(int avoid) {
    Core best = null;
    for (Core core : cores) {
      if (core.canTakeWork()
          && (best == null
              || (best.index() == avoid && core.index() != avoid)
              || (core.busySlots < best.busySlots && core.index() != avoid))) {
        best = core;
      }
    }
    return best;
  }

  private SlotSet takeSlots(Core core) {
    SlotSet slots = core.idle.removeFirst();
    core.busySlots++;
    busySlots++;
    return slots;
  }

  private void giveBack(SlotSet slots) {
    slots.core.busySlots--;
    slots.core.idle.addFirst(slots);
    busySlots--;
    if (!queue.isEmpty()) {
      work.signal();
    }
    idle.signalAll();
  }

  /** What a thread of the engine does: takes a batch and a slot, and executes, until the end. */
  private void serve() {
    List<Request> batch = new ArrayList<>();
    List<Request> expired = new ArrayList<>();
    while (true) {
      SlotSet slots = null;
      batch.clear();
      expired.clear();
      lock.lock();
      try {
        while (slots == null && expired.isEmpty()) {
          if (closed) {
            return;
          }
          slots = next(batch, expired);
        }
      } catch (InterruptedException e) {
        return;
      } finally {
        lock.unlock();
      }
      expired.forEach(EmbeddingEngine::expire);
      if (slots != null) {
        run(slots, batch.get(0).bucket, batch);
      }
    }
  }

  /** One look at the queue: a batch and slots for it, or a wait. Called with the lock held. */
  @SuppressWarnings("WaitNotInLoop") // the caller's loop looks again
  private @Nullable SlotSet next(List<Request> batch, List<Request> expired)
      throws InterruptedException {
    Request first = queue.peek();
    Core core = first == null ? null : leastBusyCore(first.avoidCore);
    if (first == null || core == null) {
      work.await();
      return null;
    }
    long now = System.nanoTime();
    long patience = options.batchWait().toNanos() - (now - first.madeNanos);
    if (patience > 0 && !closing && queue.rowsOfBatch(first) < buckets.largestBatch(first.bucket)) {
      work.awaitNanos(patience);
      return null;
    }
    queue.take(now, batch, expired);
    statistics.expired += expired.size();
    room.signalAll();
    if (batch.isEmpty()) {
      idle.signalAll();
      return null;
    }
    for (Request request : batch) {
      request.state = Request.State.RUNNING;
      statistics.queueNanos += now - request.madeNanos;
    }
    if (!queue.isEmpty()) {
      work.signal();
    }
    return takeSlots(core);
  }

  private static void expire(Request request) {
    request.outcome.failure(
        new DeadlineExceededException("The deadline passed before the execution began."));
  }

  /** Executes a batch on slots that were taken for it, gives them back, and ends the requests. */
  private void run(SlotSet slots, int bucket, List<Request> batch) {
    int rows = 0;
    for (Request request : batch) {
      rows += request.rows.length;
    }
    Shape shape = buckets.shapeFor(bucket, rows);
    float[][][] vectors = new float[batch.size()][][];
    RuntimeException failure = null;
    int computed = 0;
    long start = System.nanoTime();
    try {
      computed = slots.execute(shape, batch, vectors);
    } catch (EmbeddingException e) {
      failure = e;
    } catch (RuntimeException | Error e) {
      failure = new InferenceException("The execution failed: " + e, false, e);
    }
    long nanos = System.nanoTime() - start;
    List<Request> failed = List.of();
    lock.lock();
    try {
      giveBack(slots);
      if (failure == null) {
        statistics.executed(slots.core, shape, batch, computed, nanos);
      } else {
        failed = afterFailure(slots.core, failure, batch);
      }
    } finally {
      lock.unlock();
    }
    if (failure == null) {
      for (int i = 0; i < vectors.length; i++) {
        batch.get(i).outcome.vectors(vectors[i]);
      }
    }
    end(failed);
  }

  /**
   * Decides what becomes of requests whose execution failed. Called with the lock held.
   *
   * @return the requests that are over, with the failure noted; the others wait again
   */
  private List<Request> afterFailure(Core core, RuntimeException failure, List<Request> batch) {
    boolean again = failure instanceof InferenceException e && e.isRetryable();
    if (failure instanceof DeviceFailureException device) {
      if (core.failure == null) {
        core.failure = device;
        LOG.error("Core {} left the rotation: {}", core.index(), device.getMessage());
      }
      again = true;
    }
    boolean anyCore = cores.stream().anyMatch(c -> c.failure == null);
    List<Request> over = new ArrayList<>();
    for (int i = batch.size() - 1; i >= 0; i--) {
      Request request = batch.get(i);
      if (again && anyCore && !request.retried) {
        request.retried = true;
        request.avoidCore = core.index();
        statistics.retried++;
        queue.putBack(request);
      } else {
        request.failure = failure;
        over.add(request);
      }
    }
    if (!anyCore) {
      RuntimeException reason = noCoreLeft();
      for (Request request : queue.drain()) {
        request.failure = reason;
        over.add(request);
      }
      room.signalAll();
    }
    statistics.failed += over.size();
    work.signalAll();
    return over;
  }

  private DeviceFailureException noCoreLeft() {
    DeviceFailureException last = null;
    for (Core core : cores) {
      last = core.failure;
    }
    int index = last == null ? -1 : last.core();
    return new DeviceFailureException(
        "No core is left; the last one's failure: " + (last == null ? "" : last.getMessage()),
        index,
        last);
  }

  private static void end(List<Request> over) {
    for (Request request : over) {
      RuntimeException reason = request.failure;
      request.outcome.failure(
          reason != null ? reason : new InferenceException("The request failed.", false));
    }
  }

  /** A future was cancelled: its request leaves the queue if it is still there. */
  void withdraw(Request request) {
    lock.lock();
    try {
      if (request.state == Request.State.QUEUED) {
        request.state = Request.State.ENDED;
        queue.remove(request);
        statistics.cancelled++;
        room.signalAll();
        idle.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Whether all, some or none of the cores serve, and why. */
  public EngineHealth health() {
    lock.lock();
    try {
      Map<Integer, String> failedCores = new TreeMap<>();
      for (Core core : cores) {
        if (core.failure != null) {
          failedCores.put(core.index(), String.valueOf(core.failure.getMessage()));
        }
      }
      EngineHealth.State state =
          closing || failedCores.size() == cores.size()
              ? EngineHealth.State.FAILED
              : failedCores.isEmpty() ? EngineHealth.State.READY : EngineHealth.State.DEGRADED;
      return new EngineHealth(state, failedCores);
    } finally {
      lock.unlock();
    }
  }

  /** What the engine has done so far. */
  public EngineSnapshot snapshot() {
    lock.lock();
    try {
      Map<Integer, Long> byCore = new HashMap<>();
      cores.forEach(core -> byCore.put(core.index(), core.executions));
      return statistics.snapshot(queue.requests(), queue.tokens(), byCore);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Takes no more requests, lets the accepted ones end within the close timeout, fails what is left
   * then, and closes the backend. Does nothing when it is closed already.
   */
  @Override
  public void close() {
    List<Request> left;
    lock.lock();
    try {
      if (closing) {
        return;
      }
      closing = true;
      room.signalAll();
      work.signalAll();
      long patience = options.closeTimeout().toNanos();
      while (patience > 0 && (!queue.isEmpty() || busySlots > 0)) {
        patience = idle.awaitNanos(patience);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      left = queue.drain();
      closed = true;
      work.signalAll();
      lock.unlock();
    }
    for (Request request : left) {
      request.outcome.failure(
          new IllegalStateException("The embedder was closed before the execution began."));
    }
    joinThreads();
    slotSets.forEach(SlotSet::close);
    backend.close();
  }

  private void joinThreads() {
    boolean interrupted = Thread.interrupted();
    for (Thread thread : threads) {
      while (thread.isAlive() && thread != Thread.currentThread()) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
