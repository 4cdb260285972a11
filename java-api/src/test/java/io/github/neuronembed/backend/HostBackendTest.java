package io.github.neuronembed.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What backends on the host have in common; a model that only counts its executions. */
class HostBackendTest {

  private static final Shape SHAPE = new Shape(2, 4);

  private boolean noMemory;
  private int executions;
  private int unloaded;
  private final HostBackend backend = new Counting();

  private final class Counting extends HostBackend {
    Counting() {
      super("counter", List.of(SHAPE), 2, Integer.MAX_VALUE);
    }

    @Override
    protected HostSlot newSlot(int replica, Shape shape, Runnable whenClosed) {
      if (noMemory) {
        throw new OutOfMemoryError("simulated");
      }
      ByteBuffer ids = ByteBuffer.allocateDirect(4 * shape.tokens());
      ByteBuffer vectors = ByteBuffer.allocateDirect(4 * shape.batchSize());
      return new HostSlot(
          shape,
          new TokenBatch(shape, false, ElementType.INT32, 0, ids, null, null),
          new TokenVectors(vectors, ElementType.FLOAT32, 1, true, 1),
          whenClosed) {
        @Override
        protected void run() {
          executions++;
        }
      };
    }

    @Override
    protected void unload() {
      unloaded++;
    }

    @Override
    public String description() {
      return threads();
    }

    @Override
    public int hiddenSize() {
      return 1;
    }
  }

  private ExecutionSlot newSlot() {
    return backend.replicas().get(1).newSlot(SHAPE);
  }

  @Test
  void aReplicaKnowsItsIndexAndKeepsOneExecutionBusyAtLeast() {
    assertThat(backend.replicas()).extracting(Replica::core).containsExactly(0, 1);
    assertThat(backend.slotsPerReplica()).isEqualTo(1);
    assertThat(backend.description()).endsWith(" threads");
  }

  @Test
  void itUnloadsOnceAfterItsSlots() {
    ExecutionSlot slot = newSlot();
    assertThatIllegalStateException()
        .isThrownBy(backend::close)
        .withMessage("1 slots of the counter are open: close them first.");

    slot.close();
    slot.close();
    backend.close();
    backend.close();

    assertThat(unloaded).isEqualTo(1);
    assertThatIllegalStateException()
        .isThrownBy(this::newSlot)
        .withMessage("The counter is closed.");
  }

  @Test
  void aSlotThatCannotBeMadeIsNotOpen() {
    noMemory = true;
    assertThatExceptionOfType(OutOfMemoryError.class).isThrownBy(this::newSlot);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> backend.replicas().get(0).newSlot(new Shape(1, 4)))
        .withMessageContaining("1×4");

    backend.close();
    assertThat(unloaded).isEqualTo(1);
  }

  @Test
  void onlyAFinishedBatchOfAnOpenSlotIsExecuted() {
    ExecutionSlot slot = newSlot();
    slot.tokens().begin(1, 1);
    assertThatIllegalStateException().isThrownBy(slot::execute).withMessageContaining("finish()");

    slot.tokens().row(new int[] {1});
    slot.tokens().finish();
    slot.execute();
    slot.close();

    assertThatIllegalStateException().isThrownBy(slot::execute).withMessageContaining("closed");
    assertThat(executions).isEqualTo(1);
  }
}
