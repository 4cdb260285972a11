package io.github.neuronembed.cli.bench;

import io.github.neuronembed.InferenceException;
import io.github.neuronembed.backend.ElementType;
import io.github.neuronembed.backend.ExecutionSlot;
import io.github.neuronembed.backend.InferenceBackend;
import io.github.neuronembed.backend.Replica;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.StageTimes;
import io.github.neuronembed.backend.TokenBatch;
import io.github.neuronembed.backend.TokenVectors;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** One replica that computes nothing and takes a known time for it; it can stall or fail once. */
final class SleepingBackend implements InferenceBackend {

  private static final int HIDDEN_SIZE = 4;

  private final long serviceNanos;
  private final Shape shape;
  private final AtomicInteger calls = new AtomicInteger();
  private final AtomicInteger openSlots = new AtomicInteger();
  private int stallAt = -1;
  private long stallNanos;
  private int failAt = -1;

  SleepingBackend(long serviceNanos) {
    this(serviceNanos, new Shape(1, 8));
  }

  SleepingBackend(long serviceNanos, Shape shape) {
    this.serviceNanos = serviceNanos;
    this.shape = shape;
  }

  void stallOnce(int call, long nanos) {
    stallAt = call;
    stallNanos = nanos;
  }

  void failAt(int call) {
    failAt = call;
  }

  int calls() {
    return calls.get();
  }

  int openSlots() {
    return openSlots.get();
  }

  @Override
  public String description() {
    return "sleeping";
  }

  @Override
  public boolean emulated() {
    return true;
  }

  @Override
  public boolean fixedShapes() {
    return true;
  }

  @Override
  public int hiddenSize() {
    return HIDDEN_SIZE;
  }

  @Override
  public List<Shape> shapes() {
    return List.of(shape);
  }

  @Override
  public List<Replica> replicas() {
    return List.of(
        new Replica() {
          @Override
          public int core() {
            return 0;
          }

          @Override
          public ExecutionSlot newSlot(Shape shape) {
            openSlots.incrementAndGet();
            return new SleepingSlot(shape);
          }
        });
  }

  @Override
  public void close() {}

  private final class SleepingSlot implements ExecutionSlot, StageTimes {

    private final Shape shape;
    private final TokenBatch tokens;
    private final TokenVectors output;

    SleepingSlot(Shape shape) {
      this.shape = shape;
      this.tokens =
          new TokenBatch(
              shape,
              true,
              ElementType.INT32,
              0,
              ByteBuffer.allocateDirect(4 * shape.tokens()),
              null,
              null);
      this.output =
          new TokenVectors(
              ByteBuffer.allocateDirect(4 * shape.batchSize() * HIDDEN_SIZE),
              ElementType.FLOAT32,
              HIDDEN_SIZE,
              true,
              shape.sequenceLength());
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
      int call = calls.getAndIncrement();
      if (call == failAt) {
        throw new InferenceException("call " + call + " was told to fail", false);
      }
      try {
        TimeUnit.NANOSECONDS.sleep(call == stallAt ? stallNanos : serviceNanos);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    @Override
    public TokenVectors output() {
      return output;
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
    public void close() {
      openSlots.decrementAndGet();
    }
  }
}
