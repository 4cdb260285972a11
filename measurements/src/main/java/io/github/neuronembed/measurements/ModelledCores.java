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
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;

/**
 * Cores that take given times and compute nothing: every vector is the same. A core begins an
 * execution when the one before ends, however late a thread of this machine wakes.
 */
final class ModelledCores implements InferenceBackend {

  private static final int HIDDEN = 8;

  private final List<Shape> shapes;
  private final ToLongFunction<Shape> nanos;
  private final List<Replica> replicas;

  ModelledCores(int cores, List<Shape> shapes, ToLongFunction<Shape> nanos) {
    this.shapes = shapes.stream().sorted().toList();
    this.nanos = nanos;
    this.replicas = IntStream.range(0, cores).<Replica>mapToObj(index -> new Core(index)).toList();
  }

  @Override
  public String description() {
    return "modelled cores";
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
  public boolean pools() {
    return true;
  }

  @Override
  public List<Shape> shapes() {
    return shapes;
  }

  @Override
  public boolean fixedShapes() {
    return true;
  }

  @Override
  public List<Replica> replicas() {
    return replicas;
  }

  @Override
  public void close() {}

  private final class Core implements Replica {
    private final int index;
    private final AtomicLong freeAt = new AtomicLong(System.nanoTime());

    Core(int index) {
      this.index = index;
    }

    @Override
    public int core() {
      return index;
    }

    @Override
    public ExecutionSlot newSlot(Shape shape) {
      return new Slot(this, shape);
    }
  }

  private final class Slot implements ExecutionSlot, StageTimes {
    private final Core core;
    private final Shape shape;
    private final TokenBatch tokens;
    private final TokenVectors vectors;
    private final long takes;
    private long executed;

    Slot(Core core, Shape shape) {
      this.core = core;
      this.shape = shape;
      this.takes = nanos.applyAsLong(shape);
      ByteBuffer ids = direct(shape.tokens());
      ByteBuffer output = direct(shape.texts() * HIDDEN);
      for (int i = 0; i < output.capacity(); i += Float.BYTES) {
        output.putFloat(i, 1);
      }
      if (shape.isPacked()) {
        ByteBuffer starts = direct(shape.texts() + shape.batchSize());
        this.tokens = new TokenBatch(shape, ElementType.INT32, 0, ids, starts);
        this.vectors = new TokenVectors(output, ElementType.FLOAT32, HIDDEN, tokens);
      } else {
        ByteBuffer mask = direct(shape.tokens());
        this.tokens = new TokenBatch(shape, true, ElementType.INT32, 0, ids, mask, null);
        this.vectors = new TokenVectors(output, ElementType.FLOAT32, HIDDEN, true, 1);
      }
    }

    private static ByteBuffer direct(int elements) {
      return ByteBuffer.allocateDirect(elements * Integer.BYTES).order(ByteOrder.nativeOrder());
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
      long asked = System.nanoTime();
      long end = core.freeAt.updateAndGet(free -> Math.max(free, asked) + takes);
      for (long rest = end - asked; rest > 0; rest = end - System.nanoTime()) {
        if (rest > 100_000) {
          LockSupport.parkNanos(rest - 80_000);
        } else {
          Thread.onSpinWait();
        }
      }
      executed = System.nanoTime() - asked;
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
      return executed;
    }

    @Override
    public long readNanos() {
      return 0;
    }

    @Override
    public void close() {}
  }
}
