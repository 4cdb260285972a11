package io.github.neuronembed.model.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.fail;

import com.google.protobuf.ByteString;
import io.github.neuronembed.model.graph.onnx.AttributeProto;
import io.github.neuronembed.model.graph.onnx.GraphProto;
import io.github.neuronembed.model.graph.onnx.ModelProto;
import io.github.neuronembed.model.graph.onnx.NodeProto;
import io.github.neuronembed.model.graph.onnx.TensorProto;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever differs from the encoder that is known is refused. */
class BertGraphReaderTest {

  private static ModelProto model;

  @BeforeAll
  static void writeModel(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("model.onnx");
    RandomBertModel.write(file, RandomBertModelTest.TINY, 3);
    model = ModelProto.parseFrom(Files.readAllBytes(file));
  }

  @Test
  void anEncoderIsReadWithAllItsNumbers() throws Exception {
    BertEncoder encoder = encoder(model);

    assertThat(encoder.layers()).hasSize(3);
    assertThat(encoder.hiddenSize()).isEqualTo(32);
    assertThat(encoder.heads()).isEqualTo(4);
    assertThat(encoder.maskValue()).isEqualTo(-Float.MAX_VALUE);
    assertThat(encoder.quantized()).isFalse();
    assertThat(encoder.layers().get(0).query().weight().name())
        .isEqualTo("encoder.layer.0.attention.self.query.weight");
    assertThat(encoder.layers().get(2).outputNorm().epsilon()).isEqualTo(1e-12f);
    assertThat(encoder.embeddings().tokenType())
        .isNotNull()
        .satisfies(types -> assertThat(types.vectors().hasDims(2, 32)).isTrue());
    assertThat(encoder.embeddings().takesTypes()).isTrue();
    assertThat(encoder.embeddings().padding()).isNull();
  }

  @Test
  void everyOperatorCounts() {
    for (int i = 0; i < model.getGraph().getNodeCount(); i++) {
      int index = i;
      expectRefused(
          "node " + model.getGraph().getNode(i).getName() + " replaced",
          graph -> graph.getNodeBuilder(index).setOpType("Identity"));
      expectRefused(
          "node " + model.getGraph().getNode(i).getName() + " of another domain",
          graph -> graph.getNodeBuilder(index).setDomain("com.example"));
    }
  }

  @Test
  void everyOperandCounts() {
    for (int i = 0; i < model.getGraph().getNodeCount(); i++) {
      NodeProto node = model.getGraph().getNode(i);
      for (int operand = 0; operand < node.getInputCount(); operand++) {
        int at = operand;
        int index = i;
        expectRefused(
            "operand %s of %s replaced".formatted(operand, node.getName()),
            graph -> graph.getNodeBuilder(index).setInput(at, "nothing"));
        // The shape of one input is the shape of another.
        expectRefusedOrSame(
            "operand %s of %s replaced by an input".formatted(operand, node.getName()),
            graph ->
                graph
                    .getNodeBuilder(index)
                    .setInput(
                        at,
                        node.getInput(at).equals(BertGraphReader.INPUT_IDS)
                            ? BertGraphReader.ATTENTION_MASK
                            : BertGraphReader.INPUT_IDS));
      }
    }
  }

  @Test
  void theOrderOfOperandsCountsUnlessTheOperatorCommutes() {
    for (int i = 0; i < model.getGraph().getNodeCount(); i++) {
      NodeProto node = model.getGraph().getNode(i);
      if (node.getInputCount() == 2) {
        int index = i;
        Consumer<GraphProto.Builder> swap =
            graph ->
                graph
                    .getNodeBuilder(index)
                    .setInput(0, node.getInput(1))
                    .setInput(1, node.getInput(0));
        if (node.getOpType().equals("Add") || node.getOpType().equals("Mul")) {
          expectRefusedOrSame("operands of %s swapped".formatted(node.getName()), swap);
        } else {
          expectRefused("operands of %s swapped".formatted(node.getName()), swap);
        }
      }
    }
  }

  @Test
  void everyAttributeCounts() {
    for (int i = 0; i < model.getGraph().getNodeCount(); i++) {
      NodeProto node = model.getGraph().getNode(i);
      for (int attribute = 0; attribute < node.getAttributeCount(); attribute++) {
        int at = attribute;
        int index = i;
        expectRefused(
            "attribute %s of %s changed".formatted(attribute, node.getName()),
            graph -> {
              AttributeProto.Builder builder = graph.getNodeBuilder(index).getAttributeBuilder(at);
              if (builder.getIntsCount() > 0) {
                builder.setInts(0, builder.getInts(0) + 4);
              } else {
                builder.setI(builder.getI() + 7);
              }
            });
      }
    }
  }

  @Test
  void everyConstantOfTheComputationCounts() {
    for (int i = 0; i < model.getGraph().getInitializerCount(); i++) {
      TensorProto tensor = model.getGraph().getInitializer(i);
      if (tensor.getName().startsWith("constant.")) {
        // One of the norms' epsilons is as good as another: it is passed on, not assumed.
        if (isEpsilon(tensor)) {
          continue;
        }
        int index = i;
        expectRefused(
            tensor.getName() + " changed",
            graph -> graph.getInitializerBuilder(index).setRawData(other(tensor)));
      }
    }
  }

  private static boolean isEpsilon(TensorProto tensor) {
    return tensor.getDataType() == TensorProto.DataType.FLOAT.getNumber()
        && tensor.getRawData().equals(bytes(1e-12f));
  }

  private static ByteString other(TensorProto tensor) {
    return tensor.getDataType() == TensorProto.DataType.FLOAT.getNumber()
        ? bytes(3.25f)
        : ByteString.copyFrom(new byte[] {5, 0, 0, 0, 0, 0, 0, 0});
  }

  private static ByteString bytes(float value) {
    int bits = Float.floatToIntBits(value);
    return ByteString.copyFrom(
        new byte[] {(byte) bits, (byte) (bits >> 8), (byte) (bits >> 16), (byte) (bits >> 24)});
  }

  @Test
  void everyWeightsDimensionsCount() {
    for (int i = 0; i < model.getGraph().getInitializerCount(); i++) {
      TensorProto tensor = model.getGraph().getInitializer(i);
      int index = i;
      if (tensor.getRawData().size() != Float.BYTES) { // one float32 has any number of axes
        expectRefused(
            tensor.getName() + " with another axis",
            graph -> graph.getInitializerBuilder(index).addDims(1));
      }
      if (tensor.getDimsCount() > 0 && tensor.getRawData().size() != Float.BYTES) {
        expectRefused(
            tensor.getName() + " with an axis less",
            graph -> withAnAxisLess(graph.getInitializerBuilder(index)));
      }
      expectRefused(
          tensor.getName() + " without its end",
          graph ->
              graph
                  .getInitializerBuilder(index)
                  .setRawData(tensor.getRawData().substring(0, tensor.getRawData().size() - 1)));
      expectRefused(
          tensor.getName() + " as bytes",
          graph ->
              graph
                  .getInitializerBuilder(index)
                  .setDataType(TensorProto.DataType.UINT8.getNumber())
                  .addDims(elementBytes(tensor)));
      expectRefused(
          tensor.getName() + " in another file",
          graph ->
              graph
                  .getInitializerBuilder(index)
                  .setDataLocation(TensorProto.DataLocation.EXTERNAL));
      expectRefused(tensor.getName() + " missing", graph -> graph.removeInitializer(index));
    }
  }

  /** Two axes become one of as many elements. */
  static void withAnAxisLess(TensorProto.Builder tensor) {
    List<Long> dims = List.copyOf(tensor.getDimsList());
    tensor.clearDims();
    if (dims.size() > 1) {
      tensor.addDims(dims.get(0) * dims.get(1)).addAllDims(dims.subList(2, dims.size()));
    }
  }

  private static long elementBytes(TensorProto tensor) {
    return tensor.getDataType() == TensorProto.DataType.FLOAT.getNumber() ? 4 : 8;
  }

  @Test
  void nothingMayBeLeftOver() {
    expectRefused(
        "another node",
        graph ->
            graph.addNode(NodeProto.newBuilder().setOpType("Abs").addInput("x").addOutput("y")));
    expectRefused(
        "another initializer",
        graph -> graph.addInitializer(graph.getInitializer(0).toBuilder().setName("spare")));
    expectRefused(
        "another input", graph -> graph.addInput(graph.getInput(0).toBuilder().setName("spare")));
    expectRefused(
        "another output",
        graph -> graph.addOutput(graph.getOutput(0).toBuilder().setName("encoder.layer.0/norm")));
    expectRefused("a value twice", graph -> graph.addNode(graph.getNode(0)));
    expectRefused("no output", GraphProto.Builder::clearOutput);
    expectRefused(
        "int32 inputs",
        graph ->
            graph
                .getInputBuilder(1)
                .getTypeBuilder()
                .getTensorTypeBuilder()
                .setElemType(TensorProto.DataType.INT32.getNumber()));
  }

  @Test
  void anUnknownOperatorSetIsRefused() {
    ModelProto.Builder changed = model.toBuilder();
    changed.getOpsetImportBuilder(0).setVersion(99);

    assertThatExceptionOfType(UnsupportedGraphException.class)
        .isThrownBy(() -> encoder(changed.build()))
        .withMessageContaining("99");
  }

  @Test
  void manyLayersAreReadOnASmallStack(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("deep.onnx");
    RandomBertModel.write(file, new BertShape(48, 8, 2, 8, 20, 16), 1);
    AtomicReference<Object> read = new AtomicReference<>();
    Thread thread =
        new Thread(
            null,
            () -> {
              try {
                read.set(BertEncoder.of(OnnxModelFile.read(file)).layers().size());
              } catch (Exception | StackOverflowError e) {
                read.set(e);
              }
            },
            "small stack",
            256 << 10);
    thread.start();
    thread.join();

    assertThat(read.get()).isEqualTo(48);
  }

  private static ModelProto changed(Consumer<GraphProto.Builder> change) {
    ModelProto.Builder changed = model.toBuilder();
    change.accept(changed.getGraphBuilder());
    return changed.build();
  }

  private static void expectRefused(String what, Consumer<GraphProto.Builder> change) {
    try {
      encoder(changed(change));
    } catch (UnsupportedGraphException e) {
      assertThat(e.getMessage()).as(what).isNotBlank();
      return;
    }
    fail("Not refused: %s.", what);
  }

  /** Never read as another encoder. */
  private static void expectRefusedOrSame(String what, Consumer<GraphProto.Builder> change) {
    try {
      assertThat(encoder(changed(change))).as(what).isEqualTo(encoder(model));
    } catch (UnsupportedGraphException e) {
      assertThat(e.getMessage()).as(what).isNotBlank();
    }
  }

  private static BertEncoder encoder(ModelProto model) throws UnsupportedGraphException {
    return BertEncoder.of(new OnnxModel(model, Map.of()));
  }
}
