package io.github.neuronembed.model.graph;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.neuronembed.BgeSmall;
import io.github.neuronembed.Vectors;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.engine.VectorReader;
import io.github.neuronembed.golden.GoldenText;
import io.github.neuronembed.golden.GoldenVectors;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.Pooling;
import io.github.neuronembed.model.PoolingStrategy;
import io.github.neuronembed.tokenizer.TextTokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real model, float32 and quantized, against the golden vectors. */
class PreparedBgeSmallTest {

  private static final VectorReader READER = new VectorReader(PoolingStrategy.CLS, true);
  private static final int EVERY = Integer.getInteger("neuronembed.test.goldenStep", 4);

  @TempDir private static Path folder;
  private static List<GoldenText> texts;
  private static List<int[]> tokens;

  @BeforeAll
  static void tokenize() {
    List<GoldenText> all =
        GoldenVectors.of("bge-small-en-v1.5").orElseThrow().texts().stream()
            .sorted(Comparator.comparingInt(GoldenText::tokenCount))
            .toList();
    texts =
        IntStream.range(0, all.size())
            .filter(i -> i % EVERY == 0 || i == all.size() - 1)
            .mapToObj(all::get)
            .toList();
    try (TextTokenizer tokenizer = TextTokenizer.open(ModelDirectory.open(BgeSmall.directory()))) {
      tokens = texts.stream().map(text -> tokenizer.encode(text.text(), text.type())).toList();
    }
  }

  @Test
  void everyTextHasItsGoldenVectorAloneAndInPaddedBatches() throws Exception {
    Path original = ModelDirectory.open(BgeSmall.directory()).folder().resolve("onnx/model.onnx");
    Path prepared = folder.resolve("prepared.onnx");
    PreparedGraph.prepare(original, prepared, Pooling.of(PoolingStrategy.CLS), true);

    try (GraphRun vectors = new GraphRun(prepared, new Shape(4, 512), READER)) {
      assertThat(vectors.pooledInGraph()).isTrue();
      for (int i = 0; i < texts.size(); i++) {
        expectGolden(i, vectors.of(List.of(tokens.get(i))).get(0));
      }
      // Neighbours differ most in length when short and long texts alternate.
      for (int i = 0; i < texts.size() / 2; i++) {
        int longer = texts.size() - 1 - i;
        List<float[]> two = vectors.of(List.of(tokens.get(longer), tokens.get(i)));
        expectGolden(longer, two.get(0));
        expectGolden(i, two.get(1));
      }
    }
  }

  private static void expectGolden(int text, float[] vector) {
    assertThat(Vectors.cosine(vector, texts.get(text).vector()))
        .as(texts.get(text).id())
        .isGreaterThanOrEqualTo(0.99999);
  }

  @Test
  void theQuantizedModelStaysAsNearToTheGoldenVectorsAsItWas() throws Exception {
    Path original = folder.resolve("quantized.onnx");
    try (InputStream in =
        PreparedBgeSmallTest.class.getResourceAsStream("/bge-small-en-v1.5-q.onnx")) {
      Files.copy(Objects.requireNonNull(in), original);
    }
    Path prepared = folder.resolve("quantized-prepared.onnx");
    PreparedGraph.prepare(original, prepared, Pooling.of(PoolingStrategy.CLS), true);

    double[] before = cosines(original);
    double[] after = cosines(prepared);

    assertThat(mean(after)).isGreaterThan(mean(before) - 0.0005);
    assertThat(least(after)).isGreaterThan(least(before) - 0.001);
  }

  private static double[] cosines(Path file) throws IOException {
    try (GraphRun vectors = new GraphRun(file, new Shape(1, 512), READER)) {
      return IntStream.range(0, texts.size())
          .mapToDouble(
              i -> Vectors.cosine(vectors.of(List.of(tokens.get(i))).get(0), texts.get(i).vector()))
          .toArray();
    }
  }

  private static double mean(double[] values) {
    return IntStream.range(0, values.length).mapToDouble(i -> values[i]).average().orElseThrow();
  }

  private static double least(double[] values) {
    return IntStream.range(0, values.length).mapToDouble(i -> values[i]).min().orElseThrow();
  }
}
