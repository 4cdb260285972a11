package io.github.neuronembed.model.graph;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.github.neuronembed.Vectors;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.engine.VectorReader;
import io.github.neuronembed.model.OnnxInterface;
import io.github.neuronembed.model.Pooling;
import io.github.neuronembed.model.PoolingStrategy;
import io.github.neuronembed.model.graph.onnx.ModelProto;
import io.github.neuronembed.model.graph.onnx.TensorProto;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A real int8 model whose weights use seven of their eight bits, so that no processor saturates
 * their products; and the same model with weights twice as large and scales half as large, which
 * gives the same vectors where products are exact.
 */
class Uint8WeightsTest {

  private static final Shape SHAPE = new Shape(1, 64);

  @TempDir private Path folder;
  private Path narrow;
  private Path wide;

  @BeforeEach
  void writeModels() throws Exception {
    narrow = folder.resolve("narrow.onnx");
    wide = folder.resolve("wide.onnx");
    try (InputStream in = getClass().getResourceAsStream("/bge-small-zh-v1.5-q.onnx")) {
      Files.copy(Objects.requireNonNull(in), narrow);
    }
    Set<String> weights = new HashSet<>();
    Set<String> scales = new HashSet<>();
    for (BertEncoder.Layer layer : BertEncoder.of(OnnxModelFile.read(narrow)).layers()) {
      for (Linear linear : layer.linears()) {
        Linear.Quantization quantization = Objects.requireNonNull(linear.quantization());
        // The zero points are 0.
        weights.add(linear.weight().name());
        scales.add(quantization.scale().name());
      }
    }
    ModelProto.Builder model = ModelProto.parseFrom(Files.readAllBytes(narrow)).toBuilder();
    for (TensorProto.Builder tensor : model.getGraphBuilder().getInitializerBuilderList()) {
      if (weights.contains(tensor.getName())) {
        tensor.setRawData(times(1, tensor.getRawData()));
      }
    }
    Files.write(narrow, model.build().toByteArray());
    for (TensorProto.Builder tensor : model.getGraphBuilder().getInitializerBuilderList()) {
      if (weights.contains(tensor.getName())) {
        tensor.setRawData(times(2, tensor.getRawData()));
      } else if (scales.contains(tensor.getName())) {
        tensor.setRawData(halved(tensor));
        tensor.clearFloatData();
      }
    }
    Files.write(wide, model.build().toByteArray());
  }

  /** Of values up to 63, so that twice of them is an int8, too. */
  private static ByteString times(int factor, ByteString values) {
    byte[] bytes = values.toByteArray();
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (factor * Math.min(bytes[i], 63));
    }
    return ByteString.copyFrom(bytes);
  }

  private static ByteString halved(TensorProto.Builder scales) {
    ByteBuffer bytes =
        scales.hasRawData()
            ? ByteBuffer.wrap(scales.getRawData().toByteArray())
            : ByteBuffer.allocate(scales.getFloatDataCount() * Float.BYTES);
    bytes.order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < bytes.capacity() / Float.BYTES; i++) {
      float scale = scales.hasRawData() ? bytes.getFloat(i * Float.BYTES) : scales.getFloatData(i);
      bytes.putFloat(i * Float.BYTES, scale / 2);
    }
    return ByteString.copyFrom(bytes.rewind());
  }

  @Test
  void weightsOfTheFullRangeGiveExactProductsAsUint8() throws Exception {
    assertThat(OnnxInterface.read(narrow).wideInt8()).isFalse();
    assertThat(OnnxInterface.read(wide).wideInt8()).isTrue();
    Path expected = prepared(narrow, false);
    Path actual = prepared(wide, true);
    assertThat(OnnxInterface.read(actual).wideInt8()).isFalse();

    VectorReader reader = new VectorReader(PoolingStrategy.CLS, true);
    try (GraphRun exact = new GraphRun(expected, SHAPE, reader);
        GraphRun uint8 = new GraphRun(actual, SHAPE, reader)) {
      for (int length : new int[] {2, 9, 64}) {
        int[] ids = new Random(length).ints(length, 1, 21128).toArray();
        assertThat(Vectors.cosine(uint8.of(List.of(ids)).get(0), exact.of(List.of(ids)).get(0)))
            .as("%s tokens", length)
            .isGreaterThan(0.999_99);
      }
    }
  }

  private Path prepared(Path original, boolean uint8) throws Exception {
    Path target = original.resolveSibling("prepared-" + original.getFileName());
    PreparedGraph.prepare(
        original,
        OnnxModelFile.sha256(original),
        target,
        Pooling.of(PoolingStrategy.CLS),
        true,
        uint8);
    return target;
  }

  @Test
  void uint8IsInt8And128() {
    byte[] all = new byte[256];
    IntStream.range(0, all.length).forEach(i -> all[i] = (byte) (i - 128));
    Tensor signed = new Tensor("w", TensorProto.DataType.INT8, List.of(256L), ByteBuffer.wrap(all));

    Tensor unsigned = signed.asUint8();

    assertThat(unsigned.type()).isEqualTo(TensorProto.DataType.UINT8);
    for (int i = 0; i < all.length; i++) {
      assertThat(Byte.toUnsignedInt(unsigned.bytes().get(i))).isEqualTo(i);
    }
    assertThat(unsigned.asUint8()).isSameAs(unsigned);
  }
}
