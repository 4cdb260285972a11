package io.github.neuronembed.model.graph;

import io.github.neuronembed.model.graph.BertEncoder.Embeddings;
import io.github.neuronembed.model.graph.BertEncoder.Layer;
import io.github.neuronembed.model.graph.BertEncoder.LayerNorm;
import io.github.neuronembed.model.graph.BertEncoder.Table;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * The weights of a float32 BERT or DistilBERT encoder from its ONNX file, in the format that the
 * native core's encoder reads; {@code capi/encoder_capi.h} describes it. Little-endian: a header,
 * then float32 tensors, row-major, one behind the other.
 *
 * <p>The weights stay in the ONNX file, which is mapped for as long as this object is reachable.
 */
public final class EncoderWeights {

  static final int HEADER_BYTES = 112;
  static final int IDENTITY_BYTES = 64;

  private static final byte[] MAGIC = "NEBERTW1".getBytes(StandardCharsets.US_ASCII);
  private static final int VERSION = 1;

  private final BertEncoder encoder;
  private final BertShape shape;
  private final float epsilon;

  private EncoderWeights(BertEncoder encoder, BertShape shape, float epsilon) {
    this.encoder = encoder;
    this.shape = shape;
    this.epsilon = epsilon;
  }

  /**
   * Reads a model.
   *
   * @throws UnsupportedGraphException if it is not a float32 BERT encoder that is recognised, with
   *     one epsilon and one width in all layers
   * @throws IOException if the file cannot be read
   */
  public static EncoderWeights of(Path original) throws IOException, UnsupportedGraphException {
    BertEncoder encoder = BertEncoder.of(OnnxModelFile.read(original));
    encoder.expectVectors();
    encoder.expectFloats();
    Embeddings embeddings = encoder.embeddings();
    if (embeddings.padding() != null) {
      throw new UnsupportedGraphException(
          "Its positions are counted from behind the padding token's id, as XLM-R and RoBERTa do.");
    }
    List<Layer> layers = encoder.layers();
    float epsilon = embeddings.norm().epsilon();
    long intermediate = layers.get(0).intermediate().outputs();
    for (Layer layer : layers) {
      if (layer.intermediate().outputs() != intermediate) {
        throw new UnsupportedGraphException(
            "Its layers are of different widths, %s and %s."
                .formatted(intermediate, layer.intermediate().outputs()));
      }
      for (LayerNorm norm : List.of(layer.attentionNorm(), layer.outputNorm())) {
        if (norm.epsilon() != epsilon) {
          throw new UnsupportedGraphException(
              "Its layer norms add different epsilons, %s and %s."
                  .formatted(epsilon, norm.epsilon()));
        }
      }
    }
    BertShape shape =
        new BertShape(
            layers.size(),
            Math.toIntExact(encoder.hiddenSize()),
            Math.toIntExact(encoder.heads()),
            Math.toIntExact(intermediate),
            Math.toIntExact(embeddings.word().vectors().dims().get(0)),
            Math.toIntExact(embeddings.position().vectors().dims().get(0)));
    return new EncoderWeights(encoder, shape, epsilon);
  }

  /** The SHA-256 of a file, in lower-case hexadecimal digits. */
  public static String sha256(Path file) throws IOException {
    return OnnxModelFile.sha256(file);
  }

  /** The encoder's size. */
  public BertShape shape() {
    return shape;
  }

  /**
   * Writes them.
   *
   * @param target the file to write, which does not exist
   * @param identity what the packed file states as its source: 64 ASCII characters
   * @param meanPooling whether a vector is the mean of all tokens'; else it is the first one's
   * @param normalize whether vectors have length 1
   * @throws IOException if it cannot be written; a partly written file stays there
   */
  public void write(Path target, String identity, boolean meanPooling, boolean normalize)
      throws IOException {
    try (FileChannel channel =
        FileChannel.open(target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      writeAll(channel, header(identity, meanPooling, normalize));
      for (ByteBuffer tensor : tensors()) {
        writeAll(channel, tensor);
      }
    }
  }

  private static void writeAll(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  private ByteBuffer header(String identity, boolean meanPooling, boolean normalize) {
    byte[] name = identity.getBytes(StandardCharsets.US_ASCII);
    if (name.length != IDENTITY_BYTES) {
      throw new IllegalArgumentException(
          "An identity has %s characters, not %s.".formatted(IDENTITY_BYTES, name.length));
    }
    ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    header
        .put(MAGIC)
        .putInt(VERSION)
        .putInt(shape.layers())
        .putInt(shape.hiddenSize())
        .putInt(shape.heads())
        .putInt(shape.intermediateSize())
        .putInt(shape.vocabularySize())
        .putInt(shape.positions())
        .putInt(meanPooling ? 1 : 0)
        .putInt(normalize ? 1 : 0)
        .putFloat(epsilon)
        .put(name);
    return header.clear();
  }

  /** In the order of the format. */
  private List<ByteBuffer> tensors() {
    Embeddings embeddings = encoder.embeddings();
    List<ByteBuffer> tensors = new ArrayList<>();
    tensors.add(bytes(embeddings.word().vectors()));
    int vectorBytes = shape.hiddenSize() * Float.BYTES;
    tensors.add(bytes(embeddings.position().vectors()));
    Table types = embeddings.tokenType();
    // Every token of a text has the first type.
    tensors.add(
        types == null
            ? ByteBuffer.allocate(vectorBytes)
            : bytes(types.vectors()).limit(vectorBytes));
    add(tensors, embeddings.norm());
    for (Layer layer : encoder.layers()) {
      add(tensors, layer.query());
      add(tensors, layer.key());
      add(tensors, layer.value());
      add(tensors, layer.attentionOutput());
      add(tensors, layer.attentionNorm());
      add(tensors, layer.intermediate());
      add(tensors, layer.output());
      add(tensors, layer.outputNorm());
    }
    return tensors;
  }

  private static void add(List<ByteBuffer> tensors, Linear linear) {
    tensors.add(bytes(linear.weight()));
    tensors.add(bytes(linear.bias()));
  }

  private static void add(List<ByteBuffer> tensors, LayerNorm norm) {
    tensors.add(bytes(norm.scale()));
    tensors.add(bytes(norm.bias()));
  }

  private static ByteBuffer bytes(Tensor tensor) {
    return tensor.bytes().duplicate().clear();
  }
}
