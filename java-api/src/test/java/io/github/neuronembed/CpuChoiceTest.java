package io.github.neuronembed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.neuronembed.backend.cpu.CpuKernels;
import io.github.neuronembed.model.ModelFolder;
import io.github.neuronembed.model.Pooling;
import io.github.neuronembed.model.PoolingStrategy;
import io.github.neuronembed.model.Precision;
import io.github.neuronembed.model.graph.BertShape;
import io.github.neuronembed.model.graph.PreparedGraph;
import io.github.neuronembed.model.graph.RandomBertModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What computes a model on a CPU, and what is said of it. */
class CpuChoiceTest {

  private static final BertShape SIZE = new BertShape(1, 8, 2, 16, ModelFolder.VOCABULARY, 64);

  @TempDir private Path folder;
  private ModelFolder model;
  private Path onnx;

  @BeforeEach
  void writeModel() throws IOException {
    model = ModelFolder.complete(folder.resolve("model"));
    onnx = model.path("onnx/model.onnx");
    Files.createDirectories(onnx.getParent());
    RandomBertModel.write(onnx, SIZE, 1);
    // The one that every machine runs, since what is chosen must not depend on the machine.
    System.setProperty(CpuKernels.KERNEL_PROPERTY, "portable");
  }

  @AfterEach
  void clearProperty() {
    System.clearProperty(CpuKernels.KERNEL_PROPERTY);
  }

  private TextEmbedderBuilder builder() {
    return TextEmbedder.builder().model(model.open());
  }

  private static void expect(TextEmbedderBuilder builder, String backend, String... reasons) {
    try (TextEmbedder embedder = builder.build()) {
      assertThat(embedder.backend()).contains(backend);
      assertThat(embedder.backendReason()).contains(reasons);
      assertThat(embedder.embedPassage("the fox")).hasSize(SIZE.hiddenSize());
    }
  }

  @Test
  @NeedsNativeCore
  void aRecognisedModelIsComputedByTheEncoder() {
    expect(builder(), "encoder exact", "not compiled for NeuronCores");
    expect(builder().precision(Precision.INT8), "encoder int8", "The native core");
  }

  @Test
  void float32AndTheOriginalGraphAreOnnxRuntimes() {
    expect(builder().precision(Precision.FP32), "onnxruntime", "ONNX Runtime, as");
    expect(builder().preparedGraph(false), "onnxruntime", "ONNX Runtime, as");
    expect(builder().backend(BackendChoice.ONNX), "onnxruntime", "requested");
  }

  @Test
  @NeedsNativeCore
  void aGraphThatIsNotRecognisedIsOnnxRuntimesAndTheReasonIsSaid() throws Exception {
    PreparedGraph.prepare(onnx, folder.resolve("pooled"), Pooling.of(PoolingStrategy.CLS), true);
    Files.move(folder.resolve("pooled"), onnx, StandardCopyOption.REPLACE_EXISTING);

    expect(builder(), "onnxruntime", "ONNX Runtime, as", "graph");
    assertThatExceptionOfType(BackendUnavailableException.class)
        .isThrownBy(() -> builder().backend(BackendChoice.CPU).build())
        .withMessageContaining(onnx.toString());
  }

  @Test
  @NeedsNativeCore
  void aMachineWithoutTheKernelRunsOnnxRuntimeAndSaysSo() {
    System.setProperty(CpuKernels.KERNEL_PROPERTY, "abacus");

    expect(builder(), "onnxruntime", "abacus");
    assertThatExceptionOfType(BackendUnavailableException.class)
        .isThrownBy(() -> builder().backend(BackendChoice.CPU).build())
        .withMessageContaining("abacus");
  }

  @Test
  void theEncoderRefusesFloat32() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder().backend(BackendChoice.CPU).precision(Precision.FP32).build())
        .withMessageContaining("fp32");
  }
}
