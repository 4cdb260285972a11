package io.github.neuronembed.cli.bench.measure;

import io.github.neuronembed.backend.ElementType;
import io.github.neuronembed.backend.ExecutionSlot;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.TokenVectors;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** One replica that gives the same token vector for every row, or another for one of them. */
public final class AnsweringBackend extends OneReplicaBackend {

  private final float[] answer;
  private int otherRow = -1;
  private float[] other = {};

  public AnsweringBackend(Shape shape, float[] answer) {
    super(shape);
    this.answer = answer;
  }

  /**
   * Answers one row in another way.
   *
   * @param row zero-based, over all executions
   */
  public void answerOnce(int row, float[] vector) {
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
  public ExecutionSlot newSlot(Shape wanted) {
    return new AnsweringSlot(
        ByteBuffer.allocateDirect(4 * shape.batchSize() * answer.length)
            .order(ByteOrder.nativeOrder()));
  }

  private final class AnsweringSlot extends Slot {

    private final ByteBuffer data;
    private int rows;

    AnsweringSlot(ByteBuffer data) {
      // Not pooled, one token long: what the reader scales to length 1.
      super(
          AnsweringBackend.this.shape,
          false,
          new TokenVectors(data, ElementType.FLOAT32, answer.length, false, 1));
      this.data = data;
    }

    @Override
    public void execute() {
      for (int row = 0; row < tokens().rows(); row++) {
        data.asFloatBuffer().put(row * answer.length, rows++ == otherRow ? other : answer);
      }
    }
  }
}
