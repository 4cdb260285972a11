package io.github.neuronembed.model.graph;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnsafeByteOperations;
import com.google.protobuf.WireFormat;
import io.github.neuronembed.model.graph.onnx.GraphProto;
import io.github.neuronembed.model.graph.onnx.ModelProto;
import io.github.neuronembed.model.graph.onnx.TensorProto;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;

/** Reads and writes ONNX files without holding their weights on the heap. */
final class OnnxModelFile {

  /** How the names of files end that are not whole yet. */
  static final String PARTIAL = ".part";

  private static final int BUFFER_BYTES = 1 << 20;

  private OnnxModelFile() {}

  /**
   * Reads a model. Its weights stay in the file, which is mapped for as long as the model is
   * reachable.
   *
   * @throws IOException if the file cannot be read or is no ONNX file
   */
  static ModelProto read(Path file) throws IOException {
    CodedInputStream in = UnsafeByteOperations.unsafeWrap(map(file)).newCodedInput();
    in.enableAliasing(true);
    try {
      return ModelProto.parseFrom(in);
    } catch (InvalidProtocolBufferException e) {
      throw new IOException("%s is not an ONNX file: %s".formatted(file, e.getMessage()), e);
    }
  }

  /**
   * Whether a file is there and is a sequence of whole fields, a graph among them. Looks at their
   * lengths only, which costs nothing beside reading the model.
   */
  static boolean isWhole(Path file) {
    if (!Files.isRegularFile(file)) {
      return false;
    }
    try {
      CodedInputStream in = UnsafeByteOperations.unsafeWrap(map(file)).newCodedInput();
      boolean graph = false;
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        graph |= WireFormat.getTagFieldNumber(tag) == ModelProto.GRAPH_FIELD_NUMBER;
        in.skipField(tag);
      }
      return graph;
    } catch (IOException e) {
      return false;
    }
  }

  /** The SHA-256 of a file, in lower-case hexadecimal digits. */
  static String sha256(Path file) throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(map(file));
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256.", e);
    }
  }

  private static ByteBuffer map(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      if (channel.size() > Integer.MAX_VALUE) {
        throw new IOException(
            "%s has %d bytes; an ONNX file has less than 2 GiB.".formatted(file, channel.size()));
      }
      return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
    }
  }

  /**
   * Writes a model whose initializers come from elsewhere. The file appears whole or not at all.
   *
   * @param file the file to write or replace; its folder exists
   * @param model the model without initializers
   * @param weights its initializers; they are written one after the other
   */
  static void write(Path file, ModelProto model, List<Weight> weights) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null) {
      throw new IOException("%s is not a file.".formatted(file));
    }
    Path temporary = folder.resolve(file.getFileName() + "." + UUID.randomUUID() + PARTIAL);
    try {
      try (FileChannel channel =
          FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        OutputStream out = Channels.newOutputStream(channel);
        writeModel(CodedOutputStream.newInstance(out, BUFFER_BYTES), model, weights);
        channel.force(true);
      }
      Files.move(
          temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(temporary);
    }
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
          "The model would have %d bytes; an ONNX file has less than 2 GiB.".formatted(graphBytes));
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
      for (ByteString part : weight.parts()) {
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
