package io.github.neuronembed.model.graph;

import io.github.neuronembed.model.graph.onnx.AttributeProto;
import io.github.neuronembed.model.graph.onnx.AttributeProto.AttributeType;
import io.github.neuronembed.model.graph.onnx.GraphProto;
import io.github.neuronembed.model.graph.onnx.ModelProto;
import io.github.neuronembed.model.graph.onnx.NodeProto;
import io.github.neuronembed.model.graph.onnx.OperatorSetIdProto;
import io.github.neuronembed.model.graph.onnx.StringStringEntryProto;
import io.github.neuronembed.model.graph.onnx.TensorProto;
import io.github.neuronembed.model.graph.onnx.TensorShapeProto;
import io.github.neuronembed.model.graph.onnx.TypeProto;
import io.github.neuronembed.model.graph.onnx.ValueInfoProto;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Builds a graph, node by node; each value has a name. */
final class GraphBuilder {

  /** The domain of ONNX Runtime's contributed operators. */
  static final String CONTRIBUTED = "com.microsoft";

  /** The oldest file format that holds the operator set below. */
  private static final long IR_VERSION = 8;

  /** The first operator set with LayerNormalization. */
  private static final long OPSET = 17;

  private final GraphProto.Builder graph = GraphProto.newBuilder();
  private final List<Weight> weights = new ArrayList<>();
  private final Set<String> weightNames = new HashSet<>();
  private boolean contributes;

  /** Declares an input or output: float32 or int64. A dimension is a number or a name. */
  static ValueInfoProto tensor(String name, TensorProto.DataType type, Object... dims) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    for (Object dim : dims) {
      if (dim instanceof Long size) {
        shape.addDimBuilder().setDimValue(size);
      } else {
        shape.addDimBuilder().setDimParam(dim.toString());
      }
    }
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            TypeProto.newBuilder()
                .setTensorType(
                    TypeProto.Tensor.newBuilder().setElemType(type.getNumber()).setShape(shape)))
        .build();
  }

  void input(ValueInfoProto input) {
    graph.addInput(input);
  }

  void output(ValueInfoProto output) {
    graph.addOutput(output);
  }

  /** Adds an initializer; only once, however often it is used. */
  String weight(Weight weight) {
    if (weightNames.add(weight.name())) {
      weights.add(weight);
    }
    return weight.name();
  }

  /** A float32 constant of rank 0. */
  String scalar(String name, float value) {
    return weight(Weight.ofFloats(name, List.of(), value));
  }

  /** An int64 constant of rank 0. */
  String integer(String name, long value) {
    return weight(Weight.ofLongs(name, List.of(), value));
  }

  /** A constant vector of int64. */
  String longs(String name, long... values) {
    return weight(Weight.ofLongs(name, List.of((long) values.length), values));
  }

  /** Adds a node of ONNX's own operators. */
  Node node(String operator, String... inputs) {
    return new Node(NodeProto.newBuilder().setOpType(operator).addAllInput(Arrays.asList(inputs)));
  }

  /** Adds a node of ONNX Runtime's contributed operators. */
  Node contributed(String operator, String... inputs) {
    Node node = node(operator, inputs);
    node.proto.setDomain(CONTRIBUTED);
    contributes = true;
    return node;
  }

  GraphProto graph() {
    return graph.build();
  }

  /**
   * A model of the graph, without its initializers. It copies the description and properties of
   * another model.
   *
   * @param properties further properties of the model, which override the other's
   */
  ModelProto modelAfter(ModelProto original, Map<String, String> properties) {
    ModelProto.Builder model =
        ModelProto.newBuilder()
            .setIrVersion(IR_VERSION)
            .setProducerName("neuron-embed")
            .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(OPSET))
            .setGraph(graph().toBuilder().setName(original.getGraph().getName()));
    if (contributes) {
      model.addOpsetImport(OperatorSetIdProto.newBuilder().setDomain(CONTRIBUTED).setVersion(1));
    }
    if (original.hasDocString()) {
      model.setDocString(original.getDocString());
    }
    original.getMetadataPropsList().stream()
        .filter(property -> !properties.containsKey(property.getKey()))
        .forEach(model::addMetadataProps);
    properties.forEach(
        (key, value) ->
            model.addMetadataProps(
                StringStringEntryProto.newBuilder().setKey(key).setValue(value)));
    return model.build();
  }

  List<Weight> weights() {
    return weights;
  }

  /** A node under construction; {@link #as} adds it to the graph. */
  final class Node {

    private final NodeProto.Builder proto;

    private Node(NodeProto.Builder proto) {
      this.proto = proto;
    }

    Node with(String name, long value) {
      proto.addAttribute(
          AttributeProto.newBuilder().setName(name).setType(AttributeType.INT).setI(value));
      return this;
    }

    Node with(String name, float value) {
      proto.addAttribute(
          AttributeProto.newBuilder().setName(name).setType(AttributeType.FLOAT).setF(value));
      return this;
    }

    Node withInts(String name, long... values) {
      AttributeProto.Builder attribute =
          AttributeProto.newBuilder().setName(name).setType(AttributeType.INTS);
      for (long value : values) {
        attribute.addInts(value);
      }
      proto.addAttribute(attribute);
      return this;
    }

    /** Adds the node with these outputs, under the name of the first one, which it returns. */
    String as(String... outputs) {
      graph.addNode(proto.setName(outputs[0]).addAllOutput(Arrays.asList(outputs)));
      return outputs[0];
    }
  }
}
