package io.github.neuronembed.model;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.ExtensionRegistryLite;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.WireFormat;
import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.model.graph.onnx.NodeProto;
import io.github.neuronembed.model.graph.onnx.StringStringEntryProto;
import io.github.neuronembed.model.graph.onnx.TensorProto;
import io.github.neuronembed.model.graph.onnx.TypeProto;
import io.github.neuronembed.model.graph.onnx.ValueInfoProto;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * The inputs and outputs of an ONNX file, and the parts of it that ONNX Runtime may compute
 * wrongly; read without loading it. Immutable.
 *
 * @param inputs the required inputs
 * @param outputs the outputs
 * @param externalData whether weights are in other files
 * @param biasedAttention whether it has ONNX Runtime's operator Attention with an attention_bias,
 *     which is wrong for more than one text if the bias has a part for each of them (seen with
 *     release 1.20.0)
 * @param wideInt8 whether it multiplies by signed 8-bit weights outside of -64 to 64, whose sums of
 *     two products with unsigned 8-bit values do not fit 16 bits: ONNX Runtime saturates them on
 *     x86 processors without VNNI
 */
public record OnnxInterface(
    List<Port> inputs,
    List<Port> outputs,
    boolean externalData,
    boolean biasedAttention,
    boolean wideInt8) {

  private static final int BUFFER_BYTES = 1 << 16;

  // Field numbers of onnx.proto (ONNX 1.17).
  private static final int GRAPH = lengthDelimited(7);
  private static final int NODE = lengthDelimited(1);
  private static final int INITIALIZER = lengthDelimited(5);
  private static final int INPUT = lengthDelimited(11);
  private static final int OUTPUT = lengthDelimited(12);
  private static final int TENSOR_TYPE = 2 << 3;
  private static final int TENSOR_INT32_DATA = lengthDelimited(5);
  private static final int TENSOR_NAME = lengthDelimited(8);
  private static final int TENSOR_RAW_DATA = lengthDelimited(9);
  private static final int TENSOR_EXTERNAL_DATA = lengthDelimited(13);
  private static final int TENSOR_DATA_LOCATION = 14 << 3;
  private static final int EXTERNAL = 1;

  /** The index of attention_bias among the inputs of Attention. */
  private static final int ATTENTION_BIAS = 5;

  /** Operators whose second input is a matrix of weights that are multiplied as integers. */
  private static final Set<String> INTEGER_PRODUCTS =
      Set.of("MatMulInteger", "QAttention", "DynamicQuantizeMatMul", "MatMulIntegerToFloat");

  /** 255 times this, twice, fits 16 bits. */
  private static final int LARGEST_INT8 = 64;

  /**
   * An input or output.
   *
   * @param name its name
   * @param type of its elements, for example {@code float32} or {@code int64}; {@code no tensor} if
   *     it is not a tensor
   * @param shape its axes; -1 for one of any size
   */
  public record Port(String name, String type, List<Long> shape) {

    /** For people, for example {@code last_hidden_state, float32 [?, ?, 384]}. */
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
   * @throws ModelLoadException if it cannot be read, or is not an ONNX file
   */
  public static OnnxInterface read(Path file) {
    List<ValueInfoProto> inputs = new ArrayList<>();
    List<ValueInfoProto> outputs = new ArrayList<>();
    Weights weights = new Weights(file);
    Set<String> multiplied = new HashSet<>();
    boolean biased = false;
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
            weights.read(in);
          } else if (field == NODE) {
            NodeProto node = NodeProto.parseFrom(in.readByteArray());
            biased |=
                node.getOpType().equals("Attention")
                    && node.getInputCount() > ATTENTION_BIAS
                    && !node.getInput(ATTENTION_BIAS).isEmpty();
            if (INTEGER_PRODUCTS.contains(node.getOpType()) && node.getInputCount() > 1) {
              multiplied.add(node.getInput(1));
            }
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
    // Old files list the weights among the inputs, because a caller may replace them.
    inputs.removeIf(input -> weights.names.contains(input.getName()));
    return new OnnxInterface(
        inputs.stream().map(OnnxInterface::port).toList(),
        outputs.stream().map(OnnxInterface::port).toList(),
        weights.external,
        biased,
        weights.wide.stream().anyMatch(multiplied::contains));
  }

  private static int lengthDelimited(int field) {
    return field << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED;
  }

  private static ValueInfoProto valueInfo(CodedInputStream in) throws IOException {
    ValueInfoProto.Builder value = ValueInfoProto.newBuilder();
    in.readMessage(value, ExtensionRegistryLite.getEmptyRegistry());
    return value.build();
  }

  /** The facts about the weights that are collected on the way. */
  private static final class Weights {
    private final Path file;
    private final Set<String> names = new HashSet<>();
    private final Set<String> wide = new HashSet<>();
    private boolean external;

    Weights(Path file) {
      this.file = file;
    }

    void read(CodedInputStream in) throws IOException {
      String name = "";
      int type = 0;
      boolean outside = false;
      boolean elsewhere = false;
      Map<String, String> place = new HashMap<>();
      int outer = in.pushLimit(in.readRawVarint32());
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        if (tag == TENSOR_NAME) {
          name = in.readString();
        } else if (tag == TENSOR_TYPE) {
          type = in.readRawVarint32();
        } else if (tag == TENSOR_INT32_DATA) {
          // Which holds smaller integers, too.
          int data = in.pushLimit(in.readRawVarint32());
          while (!in.isAtEnd()) {
            outside |= Math.abs(in.readInt32()) > LARGEST_INT8;
          }
          in.popLimit(data);
        } else if (tag == TENSOR_DATA_LOCATION) {
          elsewhere = in.readRawVarint32() == EXTERNAL;
        } else if (tag == TENSOR_EXTERNAL_DATA) {
          StringStringEntryProto.Builder entry = StringStringEntryProto.newBuilder();
          in.readMessage(entry, ExtensionRegistryLite.getEmptyRegistry());
          place.put(entry.getKey(), entry.getValue());
        } else if (tag == TENSOR_RAW_DATA && type == TensorProto.DataType.INT8_VALUE) {
          outside = isWide(in.readByteArray());
        } else {
          in.skipField(tag);
        }
      }
      in.popLimit(outer);
      names.add(name);
      external |= elsewhere;
      if (elsewhere && type == TensorProto.DataType.INT8_VALUE) {
        outside = isWide(OnnxExternalData.bytes(file, place));
      }
      if (outside && type == TensorProto.DataType.INT8_VALUE) {
        wide.add(name);
      }
    }

    private static boolean isWide(byte[] values) {
      for (byte value : values) {
        if (Math.abs(value) > LARGEST_INT8) {
          return true;
        }
      }
      return false;
    }
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
