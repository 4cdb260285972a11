package io.github.neuronembed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.neuronembed.engine.EngineMetrics;
import io.github.neuronembed.engine.RequestOptions;
import io.github.neuronembed.model.ModelFolder;
import io.github.neuronembed.model.graph.BertShape;
import io.github.neuronembed.model.graph.RandomBertModel;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** 200 texts over the limit of a tiny model, each among one that fits: every channel says so. */
class EmbeddedTextTest {

  private static final int LIMIT = 32;
  private static final int SPECIAL = 2;
  private static final int CUT = 200;

  /** A text of LIMIT tokens, then one of more, and so on; the longer ones differ in length. */
  private static final List<String> TEXTS = texts();

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

  @TempDir private Path folder;
  private TextEmbedder embedder;

  private static List<String> texts() {
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < CUT; i++) {
      texts.add("fox ".repeat(LIMIT - SPECIAL));
      texts.add("fox ".repeat(LIMIT - SPECIAL + 1 + i));
    }
    return texts;
  }

  @BeforeEach
  void open() throws IOException {
    embedder = builder().build();
  }

  @AfterEach
  void close() {
    embedder.close();
  }

  private TextEmbedderBuilder builder() throws IOException {
    ModelFolder model = ModelFolder.complete(folder.resolve("model"));
    model.set("config.json", "matryoshka_dimensions", "[4]");
    Path onnx = model.path("onnx/model.onnx");
    Files.createDirectories(onnx.getParent());
    RandomBertModel.write(onnx, new BertShape(1, 8, 2, 16, ModelFolder.VOCABULARY, 64), 1);
    return TextEmbedder.builder()
        .model(model.open())
        .backend(BackendChoice.ONNX)
        .preparedGraph(false)
        .engine(options -> options.listener(new EngineMetrics(registry, "tiny")));
  }

  @Test
  void alone() {
    List<EmbeddedText> results = new ArrayList<>();
    for (String text : TEXTS) {
      results.add(embedder.embedAndCount(text, InputType.PASSAGE, RequestOptions.BULK));
    }
    check(results);
  }

  @Test
  void inAList() {
    check(embedder.embedAndCount(TEXTS, InputType.PASSAGE, RequestOptions.BULK));
  }

  @Test
  void drawnFromAnIterator() {
    List<EmbeddedText> results = new ArrayList<>();

    assertThat(embedder.embedAndCount(TEXTS.iterator(), InputType.PASSAGE, results::add))
        .isEqualTo(TEXTS.size());

    check(results);
  }

  @Test
  void withoutWaiting() {
    List<CompletableFuture<EmbeddedText>> futures =
        TEXTS.stream()
            .map(text -> embedder.embedAndCountAsync(text, InputType.PASSAGE, RequestOptions.BULK))
            .toList();

    check(futures.stream().map(CompletableFuture::join).toList());
  }

  private void check(List<EmbeddedText> results) {
    assertThat(results).hasSameSizeAs(TEXTS);
    float[] full = embedder.embedPassage(TEXTS.get(0));
    for (int i = 0; i < results.size(); i++) {
      EmbeddedText result = results.get(i);
      boolean cut = i % 2 == 1;
      assertThat(result.isCut()).as("text %d", i).isEqualTo(cut);
      assertThat(result.tokenCount()).isEqualTo(cut ? LIMIT + 1 + i / 2 : LIMIT);
      assertThat(result.embeddedTokenCount()).isEqualTo(LIMIT);
      assertThat(Vectors.cosine(result.vector(), full)).isGreaterThan(0.99999);
    }
    assertThat(truncated()).isEqualTo(CUT);
  }

  @Test
  void plainArraysAreCounted() {
    embedder.embedPassages(TEXTS);
    assertThat(truncated()).isEqualTo(CUT);

    embedder.embedPassages(TEXTS.iterator(), vector -> {});
    assertThat(truncated()).isEqualTo(2 * CUT);

    embedder.embedAsync(TEXTS.get(1), InputType.PASSAGE).join();
    assertThat(truncated()).isEqualTo(2 * CUT + 1);
    assertThat(registry.get("embedding.tokenize.time").timer().count())
        .isEqualTo(2 * TEXTS.size() + 1);
  }

  @Test
  void idsThatWereTooManyAreCounted() {
    TokenizedText tokens = embedder.withSpecialTokens(new int[LIMIT], TruncationPolicy.TRUNCATE);

    assertThat(tokens.isCut()).isTrue();
    assertThat(tokens.tokenCount()).isEqualTo(LIMIT + SPECIAL);
    assertThat(tokens.ids()).hasSize(LIMIT);
    assertThat(truncated()).isEqualTo(1);
  }

  private double truncated() {
    return registry.get("embedding.truncated").tag("model", "tiny").counter().count();
  }

  @Test
  void shortenedVectorsComeFromEveryMethod() throws Exception {
    float[] whole = embedder.embedPassage("the fox");
    embedder.close();
    embedder = builder().dimensions(4).build();
    List<float[]> vectors = new ArrayList<>();
    FloatBuffer buffer = FloatBuffer.allocate(4);

    vectors.add(embedder.embedPassage("the fox"));
    vectors.addAll(embedder.embedPassages(List.of("the fox")));
    embedder.embedPassages(List.of("the fox").iterator(), vectors::add);
    embedder.embed(List.of("the fox"), InputType.PASSAGE, buffer);
    vectors.add(buffer.array());
    vectors.add(embedder.embedAsync("the fox", InputType.PASSAGE).join());
    vectors.add(
        embedder.embedAndCount("the fox", InputType.PASSAGE, RequestOptions.INTERACTIVE).vector());
    vectors.add(
        embedder
            .embedAndCountAsync("the fox", InputType.PASSAGE, RequestOptions.INTERACTIVE)
            .join()
            .vector());

    assertThat(embedder.dimension()).isEqualTo(4);
    float[] first = {whole[0], whole[1], whole[2], whole[3]};
    for (float[] vector : vectors) {
      assertThat(vector).hasSize(4);
      assertThat(Vectors.norm(vector)).isCloseTo(1, within(1e-6));
      assertThat(Vectors.cosine(vector, first)).isGreaterThan(0.99999);
    }
  }

  @Test
  void otherDimensionsAreRefusedBeforeTheModelIsLoaded() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder().dimensions(5).build())
        .withMessageContainingAll("4, 8", "not of 5");
  }
}
