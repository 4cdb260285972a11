package io.github.neuronembed.model.graph;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.WireFormat;
import io.github.neuronembed.model.PreparedFolder;
import io.github.neuronembed.model.graph.onnx.GraphProto;
import io.github.neuronembed.model.graph.onnx.ModelProto;
import io.github.neuronembed.model.graph.onnx.TensorProto;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/** Reads and writes ONNX files without holding their weights on the heap. */
final class OnnxModelFile {

  private static final int BUFFER_BYTES = 1 << 20;

  private static final int GRAPH = lengthDelimited(ModelProto.GRAPH_FIELD_NUMBER);
  private static final int INITIALIZER = lengthDelimited(GraphProto.INITIALIZER_FIELD_NUMBER);
  private static final int RAW_DATA = lengthDelimited(TensorProto.RAW_DATA_FIELD_NUMBER);

  private OnnxModelFile() {}

  /** The tag of a protobuf field whose content starts with its length. */
  private static int lengthDelimited(int field) {
    return field << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED;
  }

  /**
   * Reads a model. The elements of its initializers stay in the file. The file stays mapped for as
   * long as they are reachable.
   *
   * @throws IOException if the file cannot be read or is no ONNX file
   */
  static OnnxModel read(Path file) throws IOException {
    ByteBuffer mapped = map(file);
    ModelProto.Builder model = ModelProto.newBuilder();
    Map<String, ByteBuffer> rawData = new HashMap<>();
    try (InputStream stream = Files.newInputStream(file)) {
      CodedInputStream in = CodedInputStream.newInstance(stream, BUFFER_BYTES);
      in.setSizeLimit(Integer.MAX_VALUE);
      UnknownFieldSet.Builder rest = UnknownFieldSet.newBuilder();
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        if (tag == GRAPH) {
          int outer = in.pushLimit(in.readRawVarint32());
          readGraph(in, model.getGraphBuilder(), mapped, rawData);
          in.popLimit(outer);
        } else {
          rest.mergeFieldFrom(tag, in);
        }
      }
      model.mergeFrom(rest.build().toByteString());
    } catch (InvalidProtocolBufferException e) {
      throw new IOException("%s is not an ONNX file: %s".formatted(file, e.getMessage()), e);
    }
    return new OnnxModel(model.build(), rawData);
  }

  private static void readGraph(
      CodedInputStream in,
      GraphProto.Builder graph,
      ByteBuffer mapped,
      Map<String, ByteBuffer> rawData)
      throws IOException {
    UnknownFieldSet.Builder rest = UnknownFieldSet.newBuilder();
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (tag == INITIALIZER) {
        int outer = in.pushLimit(in.readRawVarint32());
        readInitializer(in, graph.addInitializerBuilder(), mapped, rawData);
        in.popLimit(outer);
      } else {
        rest.mergeFieldFrom(tag, in);
      }
    }
    graph.mergeFrom(rest.build().toByteString());
  }

  private static void readInitializer(
      CodedInputStream in,
      TensorProto.Builder tensor,
      ByteBuffer mapped,
      Map<String, ByteBuffer> rawData)
      throws IOException {
    UnknownFieldSet.Builder rest = UnknownFieldSet.newBuilder();
    ByteBuffer elements = null;
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (tag == RAW_DATA) {
        int length = in.readRawVarint32();
        int start = in.getTotalBytesRead();
        in.skipRawBytes(length);
        elements = mapped.slice(start, length);
      } else {
        rest.mergeFieldFrom(tag, in);
      }
    }
    tensor.mergeFrom(rest.build().toByteString());
    if (elements != null) {
      rawData.put(tensor.getName(), elements);
    }
  }

  /**
   * The SHA-256 of a file, in lower-case hexadecimal digits. It reads the file as a stream, because
   * mapped pages would count as memory of this process.
   */
  static String sha256(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      byte[] part = new byte[BUFFER_BYTES];
      for (int read = in.read(part); read >= 0; read = in.read(part)) {
        digest.update(part, 0, read);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256.", e);
    }
  }

  private static ByteBuffer map(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      if (channel.size() > Integer.MAX_VALUE) {
        throw new IOException(
            "%s has %s bytes; an ONNX file has less than 2 GiB.".formatted(file, channel.size()));
      }
      return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
    }
  }

  /**
   * Writes a model with separate initializers. The file appears complete or not at all.
   *
   * @param file the file to write or replace; its folder exists
   * @param model the model without initializers
   * @param weights its initializers, in the order in which they are written
   */
  static void write(Path file, ModelProto model, List<Weight> weights) throws IOException {
    PreparedFolder.<IOException>whole(
        file.toAbsolutePath(),
        partial -> {
          try (FileChannel channel =
              FileChannel.open(partial, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            OutputStream out = Channels.newOutputStream(channel);
            writeModel(CodedOutputStream.newInstance(out, BUFFER_BYTES), model, weights);
          }
        });
  }

  private static void writeModel(CodedOutputStream out, ModelProto model, List<Weight> weights)
      throws IOException {
    model.toBuilder().clearGraph().build().writeTo(out);
    long graphBytes = model.getGraph().getSerializedSize();
    for (Weight weight : weights) {
      long bytes = tensorBytes(weight);
      graphBytes +=
          CodedOutputStream.computeTagSize(GraphProto.INITIALIZER_FIELD_NUMBER)
              + CodedOutputStream.computeUInt64SizeNoTag(bytes)
              + bytes;
    }
    if (graphBytes > Integer.MAX_VALUE) {
      throw new IOException(
          "The model would have %s bytes; an ONNX file has less than 2 GiB.".formatted(graphBytes));
    }
    out.writeTag(ModelProto.GRAPH_FIELD_NUMBER, WireFormat.WIRETYPE_LENGTH_DELIMITED);
    out.writeUInt64NoTag(graphBytes);
    model.getGraph().writeTo(out);
    for (Weight weight : weights) {
      out.writeTag(GraphProto.INITIALIZER_FIELD_NUMBER, WireFormat.WIRETYPE_LENGTH_DELIMITED);
      out.writeUInt64NoTag(tensorBytes(weight));
      weight.header().writeTo(out);
      out.writeTag(TensorProto.RAW_DATA_FIELD_NUMBER, WireFormat.WIRETYPE_LENGTH_DELIMITED);
      out.writeUInt64NoTag(weight.sizeBytes());
      int before = out.getTotalBytesWritten();
      for (ByteBuffer part : weight.parts()) {
        out.writeRawBytes(part);
      }
      if (out.getTotalBytesWritten() - before != weight.sizeBytes()) {
        throw new IllegalStateException("The parts of %s do not fill it.".formatted(weight.name()));
      }
    }
    out.flush();
  }

  private static long tensorBytes(Weight weight) {
    return weight.header().getSerializedSize()
        + CodedOutputStream.computeTagSize(TensorProto.RAW_DATA_FIELD_NUMBER)
        + CodedOutputStream.computeUInt64SizeNoTag(weight.sizeBytes())
        + weight.sizeBytes();
  }
}
