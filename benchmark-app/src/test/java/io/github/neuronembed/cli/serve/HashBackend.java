package io.github.neuronembed.cli.serve;

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
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.List;
import java.util.Random;

/**
 * A backend that computes nothing: a text's vector is made of the hash of its ids, after a time
 * that is given. One text an execution, two executions at a time.
 */
final class HashBackend implements InferenceBackend {

  private static final Shape SHAPE = new Shape(1, 512);

  private static final StageTimes NO_TIMES = () -> 0;

  private final int hiddenSize;
  private final Duration time;
  private final boolean broken;

  /**
   * @param hiddenSize of the model whose place it takes
   * @param time of an execution
   * @param broken whether vectors have an element that is no number
   */
  HashBackend(int hiddenSize, Duration time, boolean broken) {
    this.hiddenSize = hiddenSize;
    this.time = time;
    this.broken = broken;
  }

  @Override
  public String description() {
    return "hashes";
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
    return List.of(SHAPE);
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
            return new Slot();
          }
        });
  }

  @Override
  public void close() {}

  private final class Slot implements ExecutionSlot {
    private final ByteBuffer ids = buffer(SHAPE.tokens());
    private final ByteBuffer vector = buffer(hiddenSize);
    private final TokenBatch tokens =
        new TokenBatch(SHAPE, false, ElementType.INT32, 0, ids, null, null);
    private final TokenVectors output =
        new TokenVectors(vector, ElementType.FLOAT32, hiddenSize, true, 1);

    private static ByteBuffer buffer(int elements) {
      return ByteBuffer.allocateDirect(4 * elements).order(ByteOrder.nativeOrder());
    }

    @Override
    public Shape shape() {
      return SHAPE;
    }

    @Override
    public TokenBatch tokens() {
      return tokens;
    }

    @Override
    public void execute() {
      long hash = 0;
      for (int i = 0; i < tokens.length(0); i++) {
        hash = 31 * hash + ids.getInt(4 * i);
      }
      try {
        Thread.sleep(time.toMillis());
      } catch (InterruptedException e) {
        throw new InferenceException("Interrupted.", false, e);
      }
      Random random = new Random(hash);
      float[] elements = new float[hiddenSize];
      double squares = 0;
      for (int i = 0; i < hiddenSize; i++) {
        elements[i] = random.nextFloat() - 0.5f;
        squares += elements[i] * elements[i];
      }
      for (int i = 0; i < hiddenSize; i++) {
        vector.putFloat(4 * i, (float) (elements[i] / Math.sqrt(squares)));
      }
      if (broken) {
        vector.putFloat(4, Float.NaN);
      }
    }

    @Override
    public TokenVectors output() {
      return output;
    }

    @Override
    public StageTimes stageTimes() {
      return NO_TIMES;
    }

    @Override
    public void close() {}
  }
}
