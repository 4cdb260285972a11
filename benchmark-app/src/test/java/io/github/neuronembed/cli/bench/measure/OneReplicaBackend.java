package io.github.neuronembed.cli.bench.measure;

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

/** A backend of one replica and one shape, without a model. */
public abstract class OneReplicaBackend implements InferenceBackend {

  public final Shape shape;

  public OneReplicaBackend(Shape shape) {
    this.shape = shape;
  }

  public abstract ExecutionSlot newSlot(Shape wanted);

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
          public ExecutionSlot newSlot(Shape wanted) {
            return OneReplicaBackend.this.newSlot(wanted);
          }
        });
  }

  @Override
  public void close() {}

  /** A slot whose stages take no time. */
  public abstract static class Slot implements ExecutionSlot, StageTimes {

    private final Shape shape;
    private final TokenBatch tokens;
    private final TokenVectors output;

    Slot(Shape shape, boolean fixedShape, TokenVectors output) {
      this.shape = shape;
      this.output = output;
      this.tokens =
          new TokenBatch(
              shape,
              fixedShape,
              ElementType.INT32,
              0,
              ByteBuffer.allocateDirect(4 * shape.tokens()),
              null,
              null);
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
    public TokenVectors output() {
      return output;
    }

    @Override
    public StageTimes stageTimes() {
      return this;
    }

    @Override
    public long executeNanos() {
      return 0;
    }

    @Override
    public void close() {}
  }
}
