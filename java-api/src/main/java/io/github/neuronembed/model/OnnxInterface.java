package io.github.neuronembed.model;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.ExtensionRegistryLite;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.WireFormat;
import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.model.graph.onnx.TensorProto;
import io.github.neuronembed.model.graph.onnx.TypeProto;
import io.github.neuronembed.model.graph.onnx.ValueInfoProto;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * What an ONNX file takes and gives, read without loading it: weights are skipped. Immutable.
 *
 * @param inputs what a caller must give
 * @param outputs what it gives
 * @param externalData whether weights are in files beside it
 */
public record OnnxInterface(List<Port> inputs, List<Port> outputs, boolean externalData) {

  private static final int BUFFER_BYTES = 1 << 16;

  // Field numbers of onnx.proto (ONNX 1.17).
  private static final int GRAPH = lengthDelimited(7);
  private static final int INITIALIZER = lengthDelimited(5);
  private static final int INPUT = lengthDelimited(11);
  private static final int OUTPUT = lengthDelimited(12);
  private static final int TENSOR_NAME = lengthDelimited(8);
  private static final int TENSOR_DATA_LOCATION = 14 << 3;
  private static final int EXTERNAL = 1;

  /**
   * An input or output.
   *
   * @param name its name
   * @param type of its elements, such as {@code float32} or {@code int64}; {@code no tensor} where
   *     it is none
   * @param shape its axes; -1 for one of any size
   */
  public record Port(String name, String type, List<Long> shape) {

    /** For people, such as {@code last_hidden_state, float32 [?, ?, 384]}. */
    @Override
    public String toString() {
      return "%s, %s %s"
          .formatted(
              name, type, shape.stream().map(axis -> axis < 0 ? "?" : axis.toString()).toList());
    }
  }

  /**
   * Reads a file.
   *
   * @throws ModelLoadException if it cannot be read, or is no ONNX file
   */
  public static OnnxInterface read(Path file) {
    List<ValueInfoProto> inputs = new ArrayList<>();
    List<ValueInfoProto> outputs = new ArrayList<>();
    Set<String> weights = new HashSet<>();
    boolean external = false;
    try (InputStream stream = Files.newInputStream(file)) {
      CodedInputStream in = CodedInputStream.newInstance(stream, BUFFER_BYTES);
      in.setSizeLimit(Integer.MAX_VALUE);
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        if (tag != GRAPH) {
          in.skipField(tag);
          continue;
        }
        int outer = in.pushLimit(in.readRawVarint32());
        for (int field = in.readTag(); field != 0; field = in.readTag()) {
          if (field == INPUT) {
            inputs.add(valueInfo(in));
          } else if (field == OUTPUT) {
            outputs.add(valueInfo(in));
          } else if (field == INITIALIZER) {
            external |= readWeight(in, weights);
          } else {
            in.skipField(field);
          }
        }
        in.popLimit(outer);
      }
    } catch (InvalidProtocolBufferException e) {
      throw new ModelLoadException(
          "%s is not a whole ONNX model: copy it from the model's repository again (%s)."
              .formatted(file, e.getMessage()),
          e);
    } catch (IOException e) {
      throw new ModelLoadException("%s cannot be read: %s.".formatted(file, e.getMessage()), e);
    }
    // Old files list the weights among the inputs, as what a caller may replace.
    inputs.removeIf(input -> weights.contains(input.getName()));
    return new OnnxInterface(
        inputs.stream().map(OnnxInterface::port).toList(),
        outputs.stream().map(OnnxInterface::port).toList(),
        external);
  }

  private static int lengthDelimited(int field) {
    return field << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED;
  }

  private static ValueInfoProto valueInfo(CodedInputStream in) throws IOException {
    ValueInfoProto.Builder value = ValueInfoProto.newBuilder();
    in.readMessage(value, ExtensionRegistryLite.getEmptyRegistry());
    return value.build();
  }

  /** Notes a weight's name; returns whether it is in another file. */
  private static boolean readWeight(CodedInputStream in, Set<String> names) throws IOException {
    boolean external = false;
    int outer = in.pushLimit(in.readRawVarint32());
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (tag == TENSOR_NAME) {
        names.add(in.readString());
      } else if (tag == TENSOR_DATA_LOCATION) {
        external = in.readRawVarint32() == EXTERNAL;
      } else {
        in.skipField(tag);
      }
    }
    in.popLimit(outer);
    return external;
  }

  private static Port port(ValueInfoProto value) {
    TypeProto type = value.getType();
    if (!type.hasTensorType()) {
      return new Port(value.getName(), "no tensor", List.of());
    }
    return new Port(
        value.getName(),
        typeName(type.getTensorType().getElemType()),
        type.getTensorType().getShape().getDimList().stream()
            .map(dim -> dim.hasDimValue() ? dim.getDimValue() : -1L)
            .toList());
  }

  private static String typeName(int number) {
    return switch (number) {
      case TensorProto.DataType.FLOAT_VALUE -> "float32";
      case TensorProto.DataType.DOUBLE_VALUE -> "float64";
      case 16 -> "bfloat16";
      default -> {
        TensorProto.DataType type = TensorProto.DataType.forNumber(number);
        yield type == null ? "type " + number : type.name().toLowerCase(Locale.ROOT);
      }
    };
  }
}
