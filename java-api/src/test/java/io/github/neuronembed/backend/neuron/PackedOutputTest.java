package io.github.neuronembed.backend.neuron;

import static io.github.neuronembed.model.graph.TinyGraphs.Output.EARLY;
import static io.github.neuronembed.model.graph.TinyGraphs.Output.LAST_HIDDEN_STATE;
import static io.github.neuronembed.model.graph.TinyGraphs.Output.LOGITS;
import static io.github.neuronembed.model.graph.TinyGraphs.Output.POOLER_OUTPUT;
import static io.github.neuronembed.model.graph.TinyGraphs.Output.SENTENCE_EMBEDDING;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.neuronembed.BackendChoice;
import io.github.neuronembed.InputType;
import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.NeedsNativeCore;
import io.github.neuronembed.TextEmbedder;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.model.ModelFolder;
import io.github.neuronembed.model.graph.TinyGraphs;
import io.github.neuronembed.model.graph.TinyGraphs.Output;
import io.github.neuronembed.model.graph.onnx.GraphProto;
import io.github.neuronembed.model.graph.onnx.ModelProto;
import io.github.neuronembed.model.graph.onnx.TensorProto;
import io.github.neuronembed.nrt.NrtEmulator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the emulator computes of a graph, and which graphs it refuses to. */
class PackedOutputTest {

  private static final List<Shape> SHAPES = List.of(new Shape(2, 16), new Shape(1, 32));
  private static final List<String> TEXTS = List.of("the quick fox", "hello", "a b c d e f g h i");

  @TempDir private Path temp;
  private ModelFolder folder;
  private TinyGraphs graphs;

  @BeforeEach
  void prepare() throws IOException {
    folder = ModelFolder.complete(temp.resolve("model"));
    graphs = new TinyGraphs(temp);
  }

  private void graph(Output... outputs) {
    folder.write("onnx/model.onnx", graphs.of(List.of(outputs), true, true));
  }

  private List<float[]> vectors(BackendChoice backend) {
    try (TextEmbedder embedder =
        TextEmbedder.builder().model(folder.open()).backend(backend).preparedGraph(false).build()) {
      return embedder.embed(TEXTS, InputType.PASSAGE);
    }
  }

  private void emulatorAgrees() {
    List<float[]> expected = vectors(BackendChoice.ONNX);
    List<float[]> actual = vectors(BackendChoice.EMULATOR);
    for (int i = 0; i < expected.size(); i++) {
      assertThat(actual.get(i)).containsExactly(expected.get(i), within(1e-5f));
    }
  }

  @Test
  @NeedsNativeCore
  void theEmulatorReadsTheSameOutputAndPoolsTheSame() throws Exception {
    NrtEmulator.open();
    graph(POOLER_OUTPUT, LAST_HIDDEN_STATE);
    emulatorAgrees();
    graph(EARLY, LOGITS, LAST_HIDDEN_STATE);
    folder.write("1_Pooling/config.json", "{\"pooling_mode\": [\"mean\", \"max\"]}");
    emulatorAgrees();
    graph(POOLER_OUTPUT, SENTENCE_EMBEDDING);
    folder.write("1_Pooling/config.json", "{\"pooling_mode\": \"mean\"}");
    emulatorAgrees();
  }

  @Test
  void packSaysHowAModelOfAnotherPoolingIsPacked() throws Exception {
    graph(LAST_HIDDEN_STATE);
    folder.write("1_Pooling/config.json", "{\"pooling_mode\": \"mean\"}");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> EmulatedModels.DEFAULT.pack(folder.open(), SHAPES, temp.resolve("out")))
        .withMessageContainingAll("pools by mean", "--raw");
    new EmulatedModels(false, false, false, true).pack(folder.open(), SHAPES, temp.resolve("out"));
  }

  @Test
  void whatTheEmulatorCannotComputeIsRefusedWhenItIsPacked() throws Exception {
    folder.write("onnx/model.onnx", graphs.of(List.of(LAST_HIDDEN_STATE), false, true));
    refused("takes no attention_mask", true);
    graph(SENTENCE_EMBEDDING);
    refused("without --raw", false);
    graph(POOLER_OUTPUT);
    refused("pooler_output", true);

    graph(LAST_HIDDEN_STATE);
    ModelProto model = ModelProto.parseFrom(Files.readAllBytes(folder.path("onnx/model.onnx")));
    GraphProto.Builder narrow = model.getGraph().toBuilder();
    narrow
        .getInputBuilder(0)
        .getTypeBuilder()
        .getTensorTypeBuilder()
        .setElemType(TensorProto.DataType.INT32.getNumber());
    folder.write("onnx/model.onnx", model.toBuilder().setGraph(narrow).build().toByteArray());
    refused("in int32", true);
    GraphProto.Builder external = model.getGraph().toBuilder();
    external.getInitializerBuilder(0).setDataLocation(TensorProto.DataLocation.EXTERNAL);
    folder.write("onnx/model.onnx", model.toBuilder().setGraph(external).build().toByteArray());
    refused("keeps weights in another file", true);
  }

  private void refused(String reason, boolean pooled) {
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(
            () ->
                new EmulatedModels(pooled, false, false, true)
                    .pack(folder.open(), SHAPES, temp.resolve("refused")))
        .withMessageContainingAll(folder.path("onnx/model.onnx").toString(), reason);
    assertThat(temp.resolve("refused")).doesNotExist();
  }
}
