package io.github.neuronembed.measurements;

import io.github.neuronembed.backend.ElementType;
import io.github.neuronembed.backend.ExecutionSlot;
import io.github.neuronembed.backend.InferenceBackend;
import io.github.neuronembed.backend.Replica;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.StageTimes;
import io.github.neuronembed.backend.TokenBatch;
import io.github.neuronembed.backend.TokenVectors;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * Cores that compute nothing for a given time. A core has a timeline of its own: an execution
 * begins when it arrives or when the one before ends, whichever is later, and ends exactly a
 * service time after; so a thread that wakes late costs the device time only if it leaves the core
 * without work.
 */
final class SleepingBackend implements InferenceBackend {

  private static final int HIDDEN = 768;

  /** The rest is spun, because a sleep ends this much too late. */
  private static final long SPIN_NANOS = 100_000;

  private final Shape shape;
  private final long serviceNanos;
  private final List<Replica> replicas = new ArrayList<>();

  SleepingBackend(int cores, Shape shape, long serviceNanos) {
    this.shape = shape;
    this.serviceNanos = serviceNanos;
    for (int i = 0; i < cores; i++) {
      replicas.add(new SleepingReplica(i));
    }
  }

  @Override
  public String description() {
    return "sleeping cores";
  }

  @Override
  public boolean emulated() {
    return true;
  }

  @Override
  public int hiddenSize() {
    return HIDDEN;
  }

  @Override
  public List<Shape> shapes() {
    return List.of(shape);
  }

  @Override
  public List<Replica> replicas() {
    return replicas;
  }

  @Override
  public boolean fixedShapes() {
    return true;
  }

  @Override
  public void close() {}

  private final class SleepingReplica implements Replica {
    private final int index;
    private long freeAt = System.nanoTime();

    SleepingReplica(int index) {
      this.index = index;
    }

    @Override
    public int core() {
      return index;
    }

    @Override
    public ExecutionSlot newSlot(Shape of) {
      return new SleepingSlot(this);
    }

    synchronized long book() {
      long now = System.nanoTime();
      freeAt = (now - freeAt > 0 ? now : freeAt) + serviceNanos;
      return freeAt;
    }
  }

  private final class SleepingSlot implements ExecutionSlot, StageTimes {
    private final SleepingReplica replica;
    private final TokenBatch tokens;
    private final TokenVectors vectors;

    SleepingSlot(SleepingReplica replica) {
      this.replica = replica;
      this.tokens =
          new TokenBatch(
              shape,
              true,
              ElementType.INT32,
              0,
              direct(shape.tokens()),
              direct(shape.tokens()),
              null);
      this.vectors =
          new TokenVectors(
              direct(shape.batchSize() * HIDDEN), ElementType.FLOAT32, HIDDEN, true, 1);
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
      long end = replica.book();
      for (long rest = end - System.nanoTime(); rest > 0; rest = end - System.nanoTime()) {
        if (rest > SPIN_NANOS) {
          LockSupport.parkNanos(rest - SPIN_NANOS);
        } else {
          Thread.onSpinWait();
        }
      }
    }

    @Override
    public TokenVectors output() {
      return vectors;
    }

    @Override
    public StageTimes stageTimes() {
      return this;
    }

    @Override
    public long writeNanos() {
      return 0;
    }

    @Override
    public long executeNanos() {
      return serviceNanos;
    }

    @Override
    public long readNanos() {
      return 0;
    }

    @Override
    public void close() {}
  }
}
