package io.github.neuronembed.backend;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntConsumer;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Cores without hardware: a vector is a hash of a text's ids, a core computes one execution after
 * the other, for as long as it is given, and fails when a plan says so.
 */
public final class FakeBackend implements InferenceBackend {

  /** Elements of a vector by default. */
  private static final int HIDDEN = 4;

  private final int hiddenSize;
  private final List<Shape> shapes;
  private final boolean fixedShapes;
  private final List<Replica> replicas = new ArrayList<>();
  private final ToLongFunction<Shape> serviceNanos;

  /** Called with the core at every execution; throws what is to go wrong there. */
  private final IntConsumer faults;

  /** If present, an execution needs a permit to end. */
  private final @Nullable Semaphore gate;

  /** An id whose texts get a vector that is no number, and all texts of a packed row with it. */
  public static final int POISON = 29_999;

  /** How many of the next times that a slot says how long it took are an error. */
  public final AtomicInteger stageTimeErrors = new AtomicInteger();

  /** Slots that are open. */
  public final AtomicInteger openSlots = new AtomicInteger();

  /** Executions under way. */
  public final AtomicInteger executing = new AtomicInteger();

  /** Rows of the executions that ended well. */
  public final AtomicInteger executedRows = new AtomicInteger();

  /** Whether the backend is closed. */
  public volatile boolean closed;

  /**
   * @param cores how many
   * @param shapes of every core
   * @param fixedShapes see {@link InferenceBackend#fixedShapes()}
   * @param serviceNanos how long an execution of a shape takes
   * @param faults called with the core at every execution; throws what is to go wrong there
   * @param gate if present, an execution needs a permit to end
   */
  public FakeBackend(
      int cores,
      List<Shape> shapes,
      boolean fixedShapes,
      ToLongFunction<Shape> serviceNanos,
      IntConsumer faults,
      @Nullable Semaphore gate) {
    this(HIDDEN, cores, shapes, fixedShapes, serviceNanos, faults, gate);
  }

  private FakeBackend(
      int hiddenSize,
      int cores,
      List<Shape> shapes,
      boolean fixedShapes,
      ToLongFunction<Shape> serviceNanos,
      IntConsumer faults,
      @Nullable Semaphore gate) {
    this.hiddenSize = hiddenSize;
    this.shapes = shapes;
    this.fixedShapes = fixedShapes;
    this.serviceNanos = serviceNanos;
    this.faults = faults;
    this.gate = gate;
    for (int i = 0; i < cores; i++) {
      replicas.add(new FakeReplica(i));
    }
  }

  /** The same with vectors of so many elements, at least 4, for a model of that size. */
  public FakeBackend withHiddenSize(int elements) {
    return new FakeBackend(
        elements, replicas.size(), shapes, fixedShapes, serviceNanos, faults, gate);
  }

  /** Answers at once. */
  public static FakeBackend quick(int cores, Shape... shapes) {
    return new FakeBackend(cores, List.of(shapes), true, shape -> 0, core -> {}, null);
  }

  /** Every execution waits for a permit. */
  public static FakeBackend gated(int cores, Semaphore gate, Shape... shapes) {
    return new FakeBackend(cores, List.of(shapes), true, shape -> 0, core -> {}, gate);
  }

  /** The vector of a row, not scaled; further elements are 0. */
  public static float[] vectorOf(int[] ids) {
    int hash = Arrays.hashCode(ids);
    return new float[] {hash & 0xffff, hash >>> 16, ids.length, ids[0]};
  }

  @Override
  public String description() {
    return "fake";
  }

  @Override
  public boolean emulated() {
    return true;
  }

  @Override
  public int hiddenSize() {
    return hiddenSize;
  }

  @Override
  public List<Shape> shapes() {
    return shapes;
  }

  @Override
  public List<Replica> replicas() {
    return replicas;
  }

  @Override
  public boolean fixedShapes() {
    return fixedShapes;
  }

  @Override
  public void close() {
    if (openSlots.get() > 0) {
      throw new IllegalStateException(openSlots + " slots are open.");
    }
    closed = true;
  }

  private final class FakeReplica implements Replica {
    private final int index;
    private final ReentrantLock device = new ReentrantLock(true);

    FakeReplica(int index) {
      this.index = index;
    }

    @Override
    public int core() {
      return index;
    }

    @Override
    public FakeSlot newSlot(Shape shape) {
      openSlots.incrementAndGet();
      return new FakeSlot(this, shape);
    }
  }

  private final class FakeSlot implements ExecutionSlot, StageTimes {
    private final FakeReplica replica;
    private final Shape shape;
    private final ByteBuffer ids;
    private final ByteBuffer output;
    private final TokenBatch tokens;
    private final TokenVectors vectors;
    private final ReentrantLock inUse = new ReentrantLock();
    private boolean closed;

    FakeSlot(FakeReplica replica, Shape shape) {
      this.replica = replica;
      this.shape = shape;
      this.ids = direct(shape.tokens());
      this.output = direct(shape.texts() * hiddenSize);
      if (shape.isPacked()) {
        ByteBuffer starts = direct(shape.texts() + shape.batchSize());
        this.tokens = new TokenBatch(shape, ElementType.INT32, 0, ids, starts);
        this.vectors = new TokenVectors(output, ElementType.FLOAT32, hiddenSize, tokens);
      } else {
        ByteBuffer mask = direct(shape.tokens());
        this.tokens = new TokenBatch(shape, fixedShapes, ElementType.INT32, 0, ids, mask, null);
        this.vectors = new TokenVectors(output, ElementType.FLOAT32, hiddenSize, true, 1);
      }
    }

    private static ByteBuffer direct(int elements) {
      return ByteBuffer.allocateDirect(elements * 4).order(ByteOrder.nativeOrder());
    }

    @Override
    public Shape shape() {
      return shape;
    }

    @Override
    public TokenBatch tokens() {
      return tokens;
    }

    @Override
    public void execute() {
      if (!inUse.tryLock()) {
        throw new AssertionError("Two threads use one slot.");
      }
      executing.incrementAndGet();
      try {
        if (closed) {
          throw new AssertionError("The slot is closed.");
        }
        replica.device.lock();
        try {
          compute();
        } finally {
          replica.device.unlock();
        }
      } finally {
        executing.decrementAndGet();
        inUse.unlock();
      }
    }

    private void compute() {
      if (gate != null) {
        gate.acquireUninterruptibly();
      }
      faults.accept(replica.index);
      long nanos = serviceNanos.applyAsLong(shape);
      for (long end = System.nanoTime() + nanos, rest = nanos; rest > 0; ) {
        try {
          Thread.sleep(rest / 1_000_000, (int) (rest % 1_000_000));
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          break;
        }
        rest = end - System.nanoTime();
      }
      FirstFit placed = tokens.placed();
      boolean[] poisoned = new boolean[tokens.batchSize()];
      for (int text = 0; text < tokens.rows(); text++) {
        poisoned[placed.row(text)] |= ids(text)[0] == POISON;
      }
      for (int text = 0; text < tokens.rows(); text++) {
        float[] vector = vectorOf(ids(text));
        if (poisoned[placed.row(text)]) {
          vector[1] = Float.NaN;
        }
        for (int i = 0; i < vector.length; i++) {
          output.putFloat((placed.vector(text) * hiddenSize + i) * 4, vector[i]);
        }
      }
      executedRows.addAndGet(tokens.rows());
    }

    /** The ids of a text where the batch has them. */
    private int[] ids(int text) {
      FirstFit placed = tokens.placed();
      int[] own = new int[placed.length(text)];
      int at = placed.row(text) * tokens.sequenceLength() + placed.start(text);
      for (int i = 0; i < own.length; i++) {
        own[i] = ids.getInt((at + i) * 4);
      }
      return own;
    }

    @Override
    public TokenVectors output() {
      if (closed) {
        throw new AssertionError("The slot is closed.");
      }
      return vectors;
    }

    @Override
    public StageTimes stageTimes() {
      if (stageTimeErrors.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
        throw new OutOfMemoryError("simulated");
      }
      return this;
    }

    @Override
    public long executeNanos() {
      return serviceNanos.applyAsLong(shape);
    }

    @Override
    public void close() {
      inUse.lock();
      try {
        if (!closed) {
          closed = true;
          openSlots.decrementAndGet();
        }
      } finally {
        inUse.unlock();
      }
    }
  }
}
