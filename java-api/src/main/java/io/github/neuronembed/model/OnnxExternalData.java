package io.github.neuronembed.model;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The files that an ONNX file keeps tensors in, as its tensors name them: the entry {@code
 * location} of {@code external_data}, where {@code data_location} is {@code EXTERNAL} (onnx.proto
 * of ONNX 1.17). Finds tensors in all places: initializers, dense and sparse, and attributes of
 * nodes, also in subgraphs and functions.
 */
public final class OnnxExternalData {

  /** Maximum depth of nested subgraphs; the same as in protobuf's own readers. */
  private static final int DEEPEST = 100;

  private static final int BUFFER_BYTES = 1 << 16;

  /** The messages of the format that lead to a tensor. */
  private enum Message {
    MODEL,
    TRAINING_INFO,
    FUNCTION,
    GRAPH,
    NODE,
    ATTRIBUTE,
    SPARSE_TENSOR,
    TENSOR,
    ENTRY
  }

  private static final int EXTERNAL_DATA = 13;
  private static final int DATA_LOCATION = 14;
  private static final int EXTERNAL = 1;
  private static final int KEY = 1;
  private static final int VALUE = 2;

  /** The types of messages' fields, by field number. */
  private static final Map<Message, Map<Integer, Message>> FIELDS =
      Map.of(
          Message.MODEL,
          Map.of(7, Message.GRAPH, 20, Message.TRAINING_INFO, 25, Message.FUNCTION),
          Message.TRAINING_INFO,
          Map.of(1, Message.GRAPH, 2, Message.GRAPH),
          Message.FUNCTION,
          Map.of(7, Message.NODE, 11, Message.ATTRIBUTE),
          Message.GRAPH,
          Map.of(1, Message.NODE, 5, Message.TENSOR, 15, Message.SPARSE_TENSOR),
          Message.NODE,
          Map.of(5, Message.ATTRIBUTE),
          Message.ATTRIBUTE,
          Map.of(
              5, Message.TENSOR,
              6, Message.GRAPH,
              10, Message.TENSOR,
              11, Message.GRAPH,
              22, Message.SPARSE_TENSOR,
              23, Message.SPARSE_TENSOR),
          Message.SPARSE_TENSOR,
          Map.of(1, Message.TENSOR, 2, Message.TENSOR),
          Message.TENSOR,
          Map.of(EXTERNAL_DATA, Message.ENTRY));

  private final CodedInputStream in;
  private final Set<String> locations = new LinkedHashSet<>();

  private OnnxExternalData(CodedInputStream in) {
    this.in = in;
  }

  /**
   * Reads a file, without its weights.
   *
   * @return their names relative to the file's folder, as the file states them, each once; empty if
   *     all tensors are in the file, or it is not an ONNX file
   * @throws IOException if the file cannot be read
   */
  public static Set<String> locations(Path file) throws IOException {
    try (InputStream stream = Files.newInputStream(file)) {
      CodedInputStream in = CodedInputStream.newInstance(stream, BUFFER_BYTES);
      in.setSizeLimit(Integer.MAX_VALUE);
      OnnxExternalData reader = new OnnxExternalData(in);
      reader.read(Message.MODEL, 0);
      return reader.locations;
    } catch (InvalidProtocolBufferException e) {
      // Opening the model reports it.
      return Set.of();
    }
  }

  /**
   * The elements of a tensor that are kept beside an ONNX file.
   *
   * @param file the ONNX file
   * @param place the tensor's entries {@code location}, {@code offset} and {@code length}; without
   *     the last two, the whole file
   * @return none where there is no such file inside of the ONNX file's folder, or it is too short:
   *     loading the model reports it
   */
  static byte[] bytes(Path file, Map<String, String> place) {
    try {
      Path folder = Objects.requireNonNull(file.toAbsolutePath().normalize().getParent());
      Path beside = folder.resolve(place.getOrDefault("location", "")).normalize();
      if (!beside.startsWith(folder) || !Files.isRegularFile(beside)) {
        return new byte[0];
      }
      long size = Files.size(beside);
      long offset = Long.parseLong(place.getOrDefault("offset", "0"));
      long length = Long.parseLong(place.getOrDefault("length", String.valueOf(size - offset)));
      if (offset < 0 || length < 0 || length > size - offset || length > Integer.MAX_VALUE) {
        return new byte[0];
      }
      try (InputStream in = Files.newInputStream(beside)) {
        in.skipNBytes(offset);
        return in.readNBytes((int) length);
      }
    } catch (IOException | NumberFormatException | InvalidPathException e) {
      return new byte[0];
    }
  }

  private void read(Message message, int depth) throws IOException {
    if (depth > DEEPEST) {
      throw new InvalidProtocolBufferException("too many subgraphs in each other");
    }
    String location = null;
    boolean external = false;
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      int field = WireFormat.getTagFieldNumber(tag);
      boolean nested = WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED;
      Message child = nested ? FIELDS.getOrDefault(message, Map.of()).get(field) : null;
      if (child == Message.ENTRY) {
        String value = entry();
        location = value == null ? location : value;
      } else if (child != null) {
        int outer = in.pushLimit(in.readRawVarint32());
        read(child, depth + 1);
        in.popLimit(outer);
      } else if (message == Message.TENSOR
          && field == DATA_LOCATION
          && WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_VARINT) {
        external = in.readRawVarint32() == EXTERNAL;
      } else {
        in.skipField(tag);
      }
    }
    if (external && location != null) {
      locations.add(location);
    }
  }

  /** The value of an entry whose key is {@code location}. */
  private @Nullable String entry() throws IOException {
    int outer = in.pushLimit(in.readRawVarint32());
    String key = "";
    String value = "";
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      boolean text = WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED;
      int field = WireFormat.getTagFieldNumber(tag);
      if (text && field == KEY) {
        key = in.readStringRequireUtf8();
      } else if (text && field == VALUE) {
        value = in.readStringRequireUtf8();
      } else {
        in.skipField(tag);
      }
    }
    in.popLimit(outer);
    return key.equals("location") ? value : null;
  }
}
