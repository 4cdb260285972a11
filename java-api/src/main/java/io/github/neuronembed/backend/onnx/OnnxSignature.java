package io.github.neuronembed.backend.onnx;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.backend.ElementType;
import io.github.neuronembed.model.EmbeddingOutput;
import io.github.neuronembed.model.OnnxInterface.Port;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;

/**
 * The inputs and the output of an ONNX model, read once, when it is opened.
 *
 * @param hasMask whether the model takes an attention mask
 * @param hasTokenTypes whether the model takes token types
 * @param idType type of all inputs
 * @param output the output that is read
 * @param outputRank its axes
 */
record OnnxSignature(
    boolean hasMask,
    boolean hasTokenTypes,
    ElementType idType,
    EmbeddingOutput output,
    int outputRank) {

  static final String INPUT_IDS = "input_ids";
  static final String ATTENTION_MASK = "attention_mask";
  static final String TOKEN_TYPE_IDS = "token_type_ids";
  private static final Set<String> KNOWN = Set.of(INPUT_IDS, ATTENTION_MASK, TOKEN_TYPE_IDS);

  String outputName() {
    return output.name();
  }

  boolean pooled() {
    return output.pooled();
  }

  /** The shape of an output of so many rows and tokens. */
  long[] outputShape(int rows, int tokens) {
    if (outputRank == 2) {
      return new long[] {rows, hiddenSize()};
    }
    return new long[] {rows, pooled() ? 1 : tokens, hiddenSize()};
  }

  int hiddenSize() {
    return output.width();
  }

  /** Chooses the output among all of them. */
  interface OutputChoice {
    EmbeddingOutput of(Path file, List<Port> outputs);
  }

  static OnnxSignature of(Path file, OrtSession session, OutputChoice choice) {
    Map<String, NodeInfo> inputs;
    Map<String, NodeInfo> outputs;
    try {
      inputs = session.getInputInfo();
      outputs = session.getOutputInfo();
    } catch (OrtException e) {
      throw OnnxErrors.atLoad(file, e);
    }
    if (!inputs.containsKey(INPUT_IDS) || !KNOWN.containsAll(inputs.keySet())) {
      throw new ModelLoadException(
          "%s takes the inputs %s; a BERT encoder takes %s and nothing else beside %s."
              .formatted(file, inputs.keySet(), INPUT_IDS, KNOWN));
    }
    ElementType idType = null;
    for (Map.Entry<String, NodeInfo> input : inputs.entrySet()) {
      TensorInfo info = tensor(file, input.getKey(), input.getValue());
      ElementType type = integer(file, input.getKey(), info);
      if (info.getShape().length != 2 || (idType != null && idType != type)) {
        throw new ModelLoadException(
            "%s: the input %s is %s of %s axes; all inputs are [batch, sequence] and of one type."
                .formatted(file, input.getKey(), typeName(info.type), info.getShape().length));
      }
      idType = type;
    }
    List<Port> ports = ports(outputs);
    EmbeddingOutput output = choice.of(file, ports);
    int rank =
        ports.stream()
            .filter(port -> port.name().equals(output.name()))
            .mapToInt(port -> port.shape().size())
            .findFirst()
            .orElseThrow();
    return new OnnxSignature(
        inputs.containsKey(ATTENTION_MASK),
        inputs.containsKey(TOKEN_TYPE_IDS),
        idType == null ? ElementType.INT64 : idType,
        output,
        rank);
  }

  private static List<Port> ports(Map<String, NodeInfo> nodes) {
    return nodes.entrySet().stream()
        .map(
            node ->
                node.getValue().getInfo() instanceof TensorInfo info
                    ? new Port(
                        node.getKey(),
                        typeName(info.type),
                        LongStream.of(info.getShape()).boxed().toList())
                    : new Port(node.getKey(), "no tensor", List.of()))
        .toList();
  }

  private static String typeName(OnnxJavaType type) {
    return switch (type) {
      case FLOAT -> "float32";
      case DOUBLE -> "float64";
      default -> type.name().toLowerCase(Locale.ROOT);
    };
  }

  private static TensorInfo tensor(Path file, String name, NodeInfo node) {
    if (node.getInfo() instanceof TensorInfo info) {
      return info;
    }
    throw new ModelLoadException("%s: %s is not a tensor.".formatted(file, name));
  }

  private static ElementType integer(Path file, String name, TensorInfo info) {
    if (info.type == OnnxJavaType.INT64) {
      return ElementType.INT64;
    }
    if (info.type == OnnxJavaType.INT32) {
      return ElementType.INT32;
    }
    throw new ModelLoadException(
        "%s: the input %s is of type %s, not int32 or int64."
            .formatted(file, name, typeName(info.type)));
  }
}
