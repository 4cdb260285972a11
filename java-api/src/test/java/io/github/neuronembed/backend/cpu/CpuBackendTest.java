package io.github.neuronembed.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import com.sun.management.ThreadMXBean;
import io.github.neuronembed.BackendUnavailableException;
import io.github.neuronembed.NeedsNativeCore;
import io.github.neuronembed.backend.ExecutionSlot;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.ModelFolder;
import io.github.neuronembed.model.Precision;
import io.github.neuronembed.model.PreparedFolder;
import io.github.neuronembed.model.graph.BertShape;
import io.github.neuronembed.model.graph.RandomBertModel;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@NeedsNativeCore
class CpuBackendTest {

  private static final BertShape SIZE = new BertShape(1, 8, 2, 16, ModelFolder.VOCABULARY, 64);
  private static final Shape SMALL = new Shape(4, 8);
  private static final Shape LARGE = new Shape(2, 32);

  @TempDir private static Path folder;
  private static ModelDirectory model;
  private CpuBackend backend;

  @BeforeAll
  static void writeModel() throws IOException {
    ModelFolder written = ModelFolder.complete(folder.resolve("model"));
    Path onnx = written.path("onnx/model.onnx");
    Files.createDirectories(onnx.getParent());
    RandomBertModel.write(onnx, SIZE, 1);
    model = written.open();
  }

  @BeforeEach
  void openOnTheFastestKernel() {
    backend = open(CpuKernels.names().get(0));
  }

  private static CpuBackend open(String kernel) {
    String before = System.getProperty(CpuKernels.KERNEL_PROPERTY);
    System.setProperty(CpuKernels.KERNEL_PROPERTY, kernel);
    try {
      return CpuBackend.open(
          new PreparedEncoders(new PreparedFolder(folder.resolve("cache"))),
          EncoderPreparation.source(model, Precision.EXACT),
          new CpuOptions(2, 1, List.of(SMALL, LARGE)));
    } finally {
      if (before == null) {
        System.clearProperty(CpuKernels.KERNEL_PROPERTY);
      } else {
        System.setProperty(CpuKernels.KERNEL_PROPERTY, before);
      }
    }
  }

  @AfterEach
  void close() {
    backend.close();
  }

  private static float[] vector(ExecutionSlot slot, int row) {
    float[] vector = new float[SIZE.hiddenSize()];
    slot.output().copy(row, 0, vector, 0);
    return vector;
  }

  private static void run(ExecutionSlot slot, List<int[]> texts) {
    slot.tokens().begin(texts.size(), texts.stream().mapToInt(ids -> ids.length).max().orElse(0));
    texts.forEach(slot.tokens()::row);
    slot.tokens().finish();
    slot.execute();
  }

  @Test
  void aTextHasTheSameVectorInAnySlotRowAndCompany() {
    int[] text = {1, 7, 9, 2};
    try (ExecutionSlot small = backend.replicas().get(0).newSlot(SMALL);
        ExecutionSlot large = backend.replicas().get(1).newSlot(LARGE)) {
      run(small, List.of(text));
      float[] alone = vector(small, 0);

      run(small, List.of(new int[] {1, 2}, new int[] {1, 5, 6, 7, 8, 9, 10, 2}, text));
      assertThat(vector(small, 2)).isEqualTo(alone);
      run(large, List.of(text, new int[32]));
      assertThat(vector(large, 0)).isEqualTo(alone);
    }
  }

  @Test
  void whatIsNotServedIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> backend.replicas().get(0).newSlot(new Shape(1, 16)))
        .withMessageContaining("1×16");
  }

  @Test
  void aBackendClosesAfterItsSlots() {
    ExecutionSlot slot = backend.replicas().get(0).newSlot(SMALL);

    assertThatIllegalStateException()
        .isThrownBy(() -> backend.close())
        .withMessageContaining("close them first");

    slot.close();
    slot.close();
    backend.close();
    backend.close();
    assertThatIllegalStateException().isThrownBy(slot::execute).withMessageContaining("closed");
    assertThatIllegalStateException()
        .isThrownBy(() -> backend.replicas().get(0).newSlot(SMALL))
        .withMessageContaining("closed");
  }

  @Test
  void aBatchThatIsNotFinishedIsNotExecuted() {
    try (ExecutionSlot slot = backend.replicas().get(0).newSlot(SMALL)) {
      slot.tokens().begin(1, 4);

      assertThatIllegalStateException().isThrownBy(slot::execute).withMessageContaining("finish");
    }
  }

  @Test
  void anIdThatTheModelDoesNotKnowIsRefused() {
    try (ExecutionSlot slot = backend.replicas().get(0).newSlot(SMALL)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> run(slot, List.of(new int[] {1, ModelFolder.VOCABULARY, 2})));

      run(slot, List.of(new int[] {1, ModelFolder.VOCABULARY - 1, 2}));
    }
  }

  @Test
  void anExecutionAllocatesNothing() {
    try (ExecutionSlot slot = backend.replicas().get(0).newSlot(SMALL)) {
      run(slot, List.of(new int[] {1, 7, 9, 2}, new int[] {1, 2}));
      ThreadMXBean memory = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      for (int i = 0; i < 100; i++) {
        slot.execute();
      }
      long before = memory.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < 1000; i++) {
        slot.execute();
      }
      long bytes = memory.getCurrentThreadAllocatedBytes() - before;

      // The bean's own answers allocate a little.
      assertThat(bytes).isLessThan(1000);
    }
  }

  @Test
  void aKernelThatTheMachineDoesNotRunIsRefusedWithThoseThatItRuns() {
    assertThatExceptionOfType(BackendUnavailableException.class)
        .isThrownBy(() -> open("abacus"))
        .withMessageContainingAll("abacus", "portable", CpuKernels.KERNEL_PROPERTY);
  }

  @Test
  void saysWhatComputes() {
    assertThat(backend.description()).contains("exact", "int16", CpuKernels.names().get(0));
    assertThat(backend.emulated()).isFalse();
    assertThat(backend.hiddenSize()).isEqualTo(SIZE.hiddenSize());
    assertThat(backend.replicas()).extracting(replica -> replica.core()).containsExactly(0, 1);
  }
}
