package io.github.neuronembed.backend.onnx;

import static io.github.neuronembed.model.graph.TinyGraphs.Output.EARLY;
import static io.github.neuronembed.model.graph.TinyGraphs.Output.HALF;
import static io.github.neuronembed.model.graph.TinyGraphs.Output.LAST_HIDDEN_STATE;
import static io.github.neuronembed.model.graph.TinyGraphs.Output.LOGITS;
import static io.github.neuronembed.model.graph.TinyGraphs.Output.POOLER_OUTPUT;
import static io.github.neuronembed.model.graph.TinyGraphs.Output.SENTENCE_EMBEDDING;
import static io.github.neuronembed.model.graph.TinyGraphs.Output.TOKEN_EMBEDDINGS;
import static io.github.neuronembed.model.graph.TinyGraphs.Output.UNNAMED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import ai.onnxruntime.OrtException;
import com.google.protobuf.ByteString;
import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.model.EmbeddingOutput;
import io.github.neuronembed.model.OnnxInterface;
import io.github.neuronembed.model.Precision;
import io.github.neuronembed.model.Processor;
import io.github.neuronembed.model.SingleOutputCopy;
import io.github.neuronembed.model.graph.TinyGraphs;
import io.github.neuronembed.model.graph.TinyGraphs.Output;
import io.github.neuronembed.model.graph.onnx.GraphProto;
import io.github.neuronembed.model.graph.onnx.ModelProto;
import io.github.neuronembed.model.graph.onnx.NodeProto;
import io.github.neuronembed.model.graph.onnx.StringStringEntryProto;
import io.github.neuronembed.model.graph.onnx.TensorProto;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which output is read, and what is said of files that have none to read. */
class OnnxOutputTest {

  private static final OnnxOptions OPTIONS = OnnxOptions.forModel(64, Precision.FP32);

  @TempDir private Path folder;
  private Path file;
  private TinyGraphs graphs;

  @BeforeEach
  void prepare() throws IOException {
    graphs = new TinyGraphs(folder);
    file = folder.resolve("model.onnx");
  }

  private OnnxBackend open(Output... outputs) throws IOException {
    Files.write(file, graphs.of(List.of(outputs), true, true));
    return OnnxBackend.open(file, 0, OPTIONS);
  }

  private void reads(String name, boolean pooled, Output... outputs) throws IOException {
    try (OnnxBackend backend = open(outputs)) {
      assertThat(backend.description()).contains("(" + name + ",");
      assertThat(backend.pools()).isEqualTo(pooled);
      assertThat(backend.hiddenSize()).isEqualTo(8);
    }
    // What is read without ONNX Runtime is the same.
    assertThat(EmbeddingOutput.of(file, OnnxInterface.read(file).outputs()))
        .isEqualTo(new EmbeddingOutput(name, pooled, 8));
  }

  private void refuses(String reason, Output... outputs) {
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> open(outputs).close())
        .withMessageContaining(file.toString())
        .withMessageContaining(reason);
  }

  @Test
  void theOutputIsChosenByItsNameAndNotByItsPlace() throws IOException {
    reads("last_hidden_state", false, LAST_HIDDEN_STATE, POOLER_OUTPUT);
    reads("last_hidden_state", false, POOLER_OUTPUT, LAST_HIDDEN_STATE);
    reads("last_hidden_state", false, EARLY, LAST_HIDDEN_STATE);
    reads("token_embeddings", false, SENTENCE_EMBEDDING, LOGITS, TOKEN_EMBEDDINGS);
    reads("sentence_embedding", true, POOLER_OUTPUT, SENTENCE_EMBEDDING);
    reads("1234", false, UNNAMED);
  }

  @Test
  void anOutputThatIsNoEmbeddingIsRefusedForWhatItIs() {
    refuses("pooler_output, the tanh layer", POOLER_OUTPUT);
    refuses("logits, the scores of classes: it is a classifier or a cross-encoder", LOGITS);
    refuses("none of which has a known name", UNNAMED, EARLY);
    refuses("1234, hidden_states.0", UNNAMED, EARLY);
  }

  @Test
  void aTypeThatIsNotServedIsNamedInWords() {
    refuses("gives last_hidden_state in float16, but only float32 is supported", HALF);
  }

  @Test
  void textsOfAGraphWithoutAMaskShareNoExecution() throws IOException {
    Files.write(file, graphs.of(List.of(LAST_HIDDEN_STATE), false, true));
    try (OnnxBackend backend = OnnxBackend.open(file, 0, OPTIONS)) {
      assertThat(backend.shapes()).isNotEmpty().allMatch(shape -> shape.batchSize() == 1);
    }
    try (OnnxBackend backend = open(LAST_HIDDEN_STATE)) {
      assertThat(backend.shapes()).extracting(Shape::batchSize).anyMatch(rows -> rows > 1);
    }
  }

  @Test
  void int8WeightsThatSaturateAreSeen() throws IOException {
    assertThat(OnnxInterface.read(integers(new byte[] {-64, 64}, "MatMulInteger")).wideInt8())
        .isFalse();
    assertThat(OnnxInterface.read(integers(new byte[] {0, -65}, "MatMulInteger")).wideInt8())
        .isTrue();
    assertThat(OnnxInterface.read(integers(new byte[] {127, 0}, "QAttention")).wideInt8()).isTrue();
    assertThat(OnnxInterface.read(typed(TensorProto.DataType.INT8, 64, -65)).wideInt8()).isTrue();
    assertThat(OnnxInterface.read(typed(TensorProto.DataType.INT8, 64, -64)).wideInt8()).isFalse();
    assertThat(OnnxInterface.read(typed(TensorProto.DataType.UINT8, 0, 255)).wideInt8()).isFalse();
    // A table of embeddings is looked up, not multiplied.
    assertThat(OnnxInterface.read(integers(new byte[] {127, 0}, "DequantizeLinear")).wideInt8())
        .isFalse();
    assertThat(Processor.multipliesInt8Exactly("flags\t\t: avx2 avx512f avx512_vnni sse2\n"))
        .isTrue();
    assertThat(Processor.multipliesInt8Exactly("processor : 0\nflags\t\t: avx2 avx512f\n"))
        .isFalse();
  }

  /** Where weights are kept beside the file, and behind others there. */
  @Test
  void int8WeightsOfAnotherFileAreSeen() throws IOException {
    Files.write(folder.resolve("weights.bin"), new byte[] {127, 0, 64, -64, 127});
    assertThat(OnnxInterface.read(external("weights.bin", 2, 2)).wideInt8()).isFalse();
    assertThat(OnnxInterface.read(external("weights.bin", 3, 2)).wideInt8()).isTrue();
    assertThat(OnnxInterface.read(external("weights.bin", 0, 2)).wideInt8()).isTrue();
    // Who loads the model says what is wrong.
    assertThat(OnnxInterface.read(external("weights.bin", 4, 2)).wideInt8()).isFalse();
    assertThat(OnnxInterface.read(external("none.bin", 0, 2)).wideInt8()).isFalse();
    assertThat(OnnxInterface.read(external("../weights.bin", 0, 2)).wideInt8()).isFalse();
  }

  /** Weights in the field for integers of any size. */
  private Path typed(TensorProto.DataType type, Integer... weights) throws IOException {
    ModelProto.Builder model =
        ModelProto.parseFrom(Files.readAllBytes(integers(new byte[0], "MatMulInteger")))
            .toBuilder();
    model
        .getGraphBuilder()
        .getInitializerBuilder(0)
        .clearRawData()
        .setDataType(type.getNumber())
        .addAllInt32Data(List.of(weights));
    return Files.write(file, model.build().toByteArray());
  }

  private Path external(String location, long offset, long length) throws IOException {
    ModelProto.Builder model =
        ModelProto.parseFrom(Files.readAllBytes(integers(new byte[0], "MatMulInteger")))
            .toBuilder();
    TensorProto.Builder weight = model.getGraphBuilder().getInitializerBuilder(0);
    weight.clearRawData().setDataLocation(TensorProto.DataLocation.EXTERNAL);
    Map.of("location", location, "offset", "" + offset, "length", "" + length)
        .forEach(
            (key, value) ->
                weight.addExternalData(
                    StringStringEntryProto.newBuilder().setKey(key).setValue(value)));
    return Files.write(file, model.build().toByteArray());
  }

  private Path integers(byte[] weights, String operator) throws IOException {
    GraphProto graph =
        GraphProto.newBuilder()
            .addNode(NodeProto.newBuilder().setOpType(operator).addInput("x").addInput("weight"))
            .addInitializer(
                TensorProto.newBuilder()
                    .setName("weight")
                    .addDims(1)
                    .addDims(2)
                    .setDataType(TensorProto.DataType.INT8.getNumber())
                    .setRawData(ByteString.copyFrom(weights)))
            .build();
    return Files.write(file, ModelProto.newBuilder().setGraph(graph).build().toByteArray());
  }

  @Test
  void anAttentionWithABiasIsSeen() throws IOException {
    ModelProto model = ModelProto.parseFrom(graphs.of(List.of(LAST_HIDDEN_STATE), true, true));
    GraphProto.Builder graph = model.getGraph().toBuilder();
    // Without a reader it changes nothing, but for what is said of the file.
    graph.addNode(
        NodeProto.newBuilder()
            .setOpType("Attention")
            .setDomain("com.microsoft")
            .addAllInput(List.of("tokens", "tokens", "tokens", "", "", "bias"))
            .addOutput("unused"));
    Files.write(file, model.toBuilder().setGraph(graph).build().toByteArray());

    assertThat(OnnxInterface.read(file).biasedAttention()).isTrue();
    Files.write(file, model.toByteArray());
    assertThat(OnnxInterface.read(file).biasedAttention()).isFalse();
  }

  @Test
  void aCopyHasOneOutput() throws IOException {
    Path copy = folder.resolve("copy.onnx");
    Files.write(file, graphs.of(List.of(POOLER_OUTPUT, LAST_HIDDEN_STATE, LOGITS), true, true));

    SingleOutputCopy.write(file, "last_hidden_state", copy);

    OnnxInterface read = OnnxInterface.read(copy);
    assertThat(read.outputs())
        .extracting(OnnxInterface.Port::name)
        .containsExactly("last_hidden_state");
    assertThat(read.inputs()).isEqualTo(OnnxInterface.read(file).inputs());
    OnnxBackend.open(copy, 0, OPTIONS).close();
  }

  @Test
  void anErrorBeginsWithItsReason() throws IOException {
    assertThat(
            OnnxErrors.reason(
                new OrtException(
                    "Load model from m.onnx"
                        + " failed:/onnxruntime_src/onnxruntime/core/graph/model.cc:165"
                        + " onnxruntime::Model::Model(onnx::ModelProto&&, const PathString&, const"
                        + " std::function<void()>*) ModelProto does not have a graph.")))
        .isEqualTo("Load model from m.onnx failed:ModelProto does not have a graph.");
    assertThat(OnnxErrors.reason(new OrtException("Fatal error: x is not\n registered")))
        .isEqualTo("Fatal error: x is not registered");
    Files.write(file, new byte[] {8, 8});
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> OnnxBackend.open(file, 0, OPTIONS))
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain(".cc:", "onnxruntime::"));
  }
}
