package io.github.neuronembed.cli.bench.measure;

import io.github.neuronembed.InferenceException;
import io.github.neuronembed.backend.ElementType;
import io.github.neuronembed.backend.ExecutionSlot;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.TokenVectors;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** One replica that computes nothing and takes a known time for it; it can stall or fail once. */
public final class SleepingBackend extends OneReplicaBackend {

  private static final int HIDDEN_SIZE = 4;

  private final long serviceNanos;
  private final AtomicInteger calls = new AtomicInteger();
  private final AtomicInteger openSlots = new AtomicInteger();
  private int stallAt = -1;
  private long stallNanos;
  private int failAt = -1;

  public SleepingBackend(long serviceNanos) {
    this(serviceNanos, new Shape(1, 8));
  }

  public SleepingBackend(long serviceNanos, Shape shape) {
    super(shape);
    this.serviceNanos = serviceNanos;
  }

  public void stallOnce(int call, long nanos) {
    stallAt = call;
    stallNanos = nanos;
  }

  public void failAt(int call) {
    failAt = call;
  }

  public int calls() {
    return calls.get();
  }

  public int openSlots() {
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
  public ExecutionSlot newSlot(Shape wanted) {
    openSlots.incrementAndGet();
    return new SleepingSlot(wanted);
  }

  private final class SleepingSlot extends Slot {

    SleepingSlot(Shape shape) {
      super(
          shape,
          true,
          new TokenVectors(
              ByteBuffer.allocateDirect(4 * shape.batchSize() * HIDDEN_SIZE),
              ElementType.FLOAT32,
              HIDDEN_SIZE,
              true,
              shape.sequenceLength()));
    }

    @Override
    public void execute() {
      int call = calls.getAndIncrement();
      if (call == failAt) {
        throw new InferenceException("call " + call + " must fail", false);
      }
      try {
        TimeUnit.NANOSECONDS.sleep(call == stallAt ? stallNanos : serviceNanos);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    @Override
    public long executeNanos() {
      return serviceNanos;
    }

    @Override
    public void close() {
      openSlots.decrementAndGet();
    }
  }
}
