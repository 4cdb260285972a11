package io.github.neuronembed.cli.bench;

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
import java.nio.FloatBuffer;
import java.util.List;

/** One replica that gives the same token vector for every row, or another for one of them. */
final class AnsweringBackend implements InferenceBackend {

  private final Shape shape;
  private final float[] answer;
  private int otherRow = -1;
  private float[] other = {};

  AnsweringBackend(Shape shape, float[] answer) {
    this.shape = shape;
    this.answer = answer;
  }

  /**
   * @param row zero-based, over all executions
   */
  void answerOnce(int row, float[] vector) {
    otherRow = row;
    other = vector;
  }

  @Override
  public String description() {
    return "answering";
  }

  @Override
  public boolean emulated() {
    return false;
  }

  @Override
  public int hiddenSize() {
    return answer.length;
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
          public ExecutionSlot newSlot(Shape wanted) {
            return new Slot();
          }
        });
  }

  @Override
  public void close() {}

  private final class Slot implements ExecutionSlot, StageTimes {

    private final TokenBatch tokens =
        new TokenBatch(
            shape,
            false,
            ElementType.INT32,
            0,
            ByteBuffer.allocateDirect(4 * shape.tokens()),
            null,
            null);
    private final FloatBuffer floats;
    private final TokenVectors output;
    private int rows;

    Slot() {
      ByteBuffer data =
          ByteBuffer.allocateDirect(4 * shape.batchSize() * answer.length)
              .order(ByteOrder.nativeOrder());
      floats = data.asFloatBuffer();
      // Not pooled, one token long: what the reader scales to length 1.
      output = new TokenVectors(data, ElementType.FLOAT32, answer.length, false, 1);
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
      for (int row = 0; row < tokens.rows(); row++) {
        floats.put(row * answer.length, rows++ == otherRow ? other : answer);
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
      return 0;
    }

    @Override
    public long readNanos() {
      return 0;
    }

    @Override
    public void close() {}
  }
}
