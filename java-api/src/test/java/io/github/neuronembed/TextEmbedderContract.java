package io.github.neuronembed;

import static io.github.neuronembed.Vectors.cosine;
import static io.github.neuronembed.Vectors.norm;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import io.github.neuronembed.engine.RequestOptions;
import io.github.neuronembed.golden.GoldenText;
import io.github.neuronembed.golden.GoldenVectors;
import java.nio.BufferOverflowException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What every embedder of bge-small-en-v1.5 does, whatever computes it. A backend overrides {@link
 * #open} and {@link #leastCosine}, and nothing else.
 */
@TestInstance(Lifecycle.PER_CLASS)
public abstract class TextEmbedderContract {

  private static final GoldenVectors GOLDEN = GoldenVectors.of("bge-small-en-v1.5").orElseThrow();

  /**
   * Every text but the ten longest, which have four fifths of all tokens: for what does not depend
   * on a text's length.
   */
  private static final List<GoldenText> SHORT =
      GOLDEN.texts().stream().filter(golden -> golden.tokenCount() <= 128).toList();

  private TextEmbedder embedder;

  /** A new embedder of the real bge-small-en-v1.5. */
  protected abstract TextEmbedder open(TruncationPolicy truncation);

  /** The least cosine to the golden vectors. */
  protected double leastCosine() {
    return 0.99999;
  }

  @BeforeAll
  void openOnce() {
    embedder = open(TruncationPolicy.TRUNCATE);
  }

  @AfterAll
  void closeOnce() {
    embedder.close();
  }

  static List<GoldenText> golden() {
    return GOLDEN.texts();
  }

  @ParameterizedTest
  @MethodSource("golden")
  void aTextAloneHasItsGoldenVector(GoldenText golden) {
    float[] vector = embedder.embed(golden.text(), golden.type());

    assertThat(cosine(vector, golden.vector())).isGreaterThanOrEqualTo(leastCosine());
    assertThat(norm(vector)).isCloseTo(1, within(1e-3));
  }

  @Test
  void idsHaveTheVectorOfTheirText() throws Exception {
    for (GoldenText golden : SHORT) {
      int[] ids = embedder.tokenize(golden.text(), golden.type(), TruncationPolicy.TRUNCATE);

      float[] vector = embedder.embedTokensAsync(ids, RequestOptions.BULK).get();

      assertThat(cosine(vector, golden.vector())).isGreaterThanOrEqualTo(leastCosine());
    }
    int[] content = {7592, 2088};
    float[] vector =
        embedder
            .embedTokensAsync(
                embedder.withSpecialTokens(content, TruncationPolicy.STRICT).ids(),
                RequestOptions.BULK)
            .get();
    assertThat(cosine(vector, embedder.embedPassage("Hello world")))
        .isGreaterThanOrEqualTo(leastCosine());
  }

  @Test
  void idsOutsideOfTheVocabularyAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> embedder.embedTokensAsync(new int[] {101, 30522, 102}, RequestOptions.BULK))
        .withMessageContaining("30522");
  }

  @Test
  void aTextInAnyCompanyHasItsGoldenVector() throws Exception {
    for (int seed = 0; seed < 3; seed++) {
      List<GoldenText> shuffled = new ArrayList<>(seed == 0 ? GOLDEN.texts() : SHORT);
      Collections.shuffle(shuffled, new Random(seed));
      List<CompletableFuture<float[]>> vectors = new ArrayList<>();
      for (GoldenText golden : shuffled) {
        vectors.add(embedder.embedAsync(golden.text(), golden.type()));
      }
      for (int i = 0; i < shuffled.size(); i++) {
        assertThat(cosine(vectors.get(i).get(), shuffled.get(i).vector()))
            .as("%s, seed %d", shuffled.get(i), seed)
            .isGreaterThanOrEqualTo(leastCosine());
      }
    }
  }

  @Test
  void vectorsComeInTheOrderOfTheTexts() {
    List<GoldenText> passages = SHORT.stream().filter(g -> g.type() == InputType.PASSAGE).toList();

    List<float[]> vectors =
        embedder.embedPassages(passages.stream().map(GoldenText::text).toList());

    assertThat(vectors).hasSameSizeAs(passages);
    for (int i = 0; i < vectors.size(); i++) {
      assertThat(cosine(vectors.get(i), passages.get(i).vector()))
          .as(passages.get(i).id())
          .isGreaterThanOrEqualTo(leastCosine());
    }
  }

  @Test
  void manyPassagesAreDrawnAsThereIsRoomAndComeInTheirOrder() {
    embedder.warmUp();
    List<GoldenText> passages = SHORT.stream().filter(g -> g.type() == InputType.PASSAGE).toList();
    List<float[]> vectors = new ArrayList<>();

    long count =
        embedder.embedPassages(passages.stream().map(GoldenText::text).iterator(), vectors::add);

    assertThat(count).isEqualTo(passages.size());
    assertThat(vectors).hasSameSizeAs(passages);
    for (int i = 0; i < vectors.size(); i++) {
      assertThat(cosine(vectors.get(i), passages.get(i).vector()))
          .as(passages.get(i).id())
          .isGreaterThanOrEqualTo(leastCosine());
    }
  }

  @Test
  void aQueryIsNotItsPassage() {
    String text = "how do tides work";

    assertThat(cosine(embedder.embedQuery(text), embedder.embedPassage(text))).isLessThan(0.99);
  }

  @Test
  void noTextsAreNoVectors() {
    assertThat(embedder.embedPassages(List.of())).isEmpty();
  }

  @Test
  void fillsMemoryOfTheCallersFromItsPosition() {
    FloatBuffer destination = FloatBuffer.allocate(3 * embedder.dimension() + 2);
    destination.position(1);

    embedder.embed(List.of("one", "two", "three"), InputType.PASSAGE, destination);

    assertThat(destination.remaining()).isEqualTo(1);
    float[] second = new float[embedder.dimension()];
    destination.get(1 + embedder.dimension(), second);
    assertThat(cosine(second, embedder.embedPassage("two"))).isGreaterThan(leastCosine());
    assertThat(destination.get(0)).isZero();
  }

  @Test
  void refusesMemoryThatIsTooSmallAndLeavesItAlone() {
    FloatBuffer destination = FloatBuffer.allocate(embedder.dimension());

    assertThatExceptionOfType(BufferOverflowException.class)
        .isThrownBy(() -> embedder.embed(List.of("one", "two"), InputType.PASSAGE, destination));
    assertThat(destination.position()).isZero();
    assertThat(destination.array()).containsOnly(0f);
  }

  @Test
  void callersAtOnceGetTheirOwnVectors() throws Exception {
    List<GoldenText> shortest = SHORT.stream().filter(golden -> golden.tokenCount() < 40).toList();
    ExecutorService callers = Executors.newFixedThreadPool(8);
    try {
      List<Future<?>> done = new ArrayList<>();
      for (int caller = 0; caller < 8; caller++) {
        Random random = new Random(caller);
        done.add(
            callers.submit(
                () -> {
                  for (int i = 0; i < 20; i++) {
                    GoldenText golden = shortest.get(random.nextInt(shortest.size()));
                    float[] vector = embedder.embed(golden.text(), golden.type());
                    assertThat(cosine(vector, golden.vector()))
                        .as(golden.id())
                        .isGreaterThanOrEqualTo(leastCosine());
                  }
                }));
      }
      for (Future<?> one : done) {
        one.get();
      }
    } finally {
      callers.shutdownNow();
    }
  }

  @Test
  void unpairedSurrogatesCountAsReplacementCharacters() {
    assertThat(cosine(embedder.embedPassage("a \uD800 b"), embedder.embedPassage("a \uFFFD b")))
        .isGreaterThan(leastCosine());
    assertThat(norm(embedder.embedPassage("\uDC00\uD800"))).isCloseTo(1, within(1e-3));
  }

  @Test
  void strictRefusesWhatDoesNotFitAndSaysHowManyTokens() {
    // A process has its device once: another embedder needs the first one closed.
    embedder.close();
    try (TextEmbedder strict = open(TruncationPolicy.STRICT)) {
      assertThatCode(() -> strict.embedPassage("word ".repeat(510))).doesNotThrowAnyException();
      assertThatExceptionOfType(TextTooLongException.class)
          .isThrownBy(() -> strict.embedPassages(List.of("short", "word ".repeat(511))))
          .satisfies(
              e -> {
                assertThat(e.index()).isEqualTo(1);
                assertThat(e.tokenCount()).isEqualTo(513);
                assertThat(e.limit()).isEqualTo(512);
              })
          .withMessageContaining("513")
          .withMessageNotContaining("word");
    } finally {
      embedder = open(TruncationPolicy.TRUNCATE);
    }
  }

  @Test
  void saysWhatTheModelIs() {
    assertThat(embedder.dimension()).isEqualTo(384);
    assertThat(embedder.maxTokens()).isEqualTo(512);
    assertThat(embedder.modelName()).isEqualTo("bge-small-en-v1.5");
    assertThat(embedder.countTokens("word ".repeat(700), InputType.PASSAGE)).isEqualTo(702);
  }

  @Test
  void closesTwiceAndRefusesUseAfterwards() {
    TextEmbedder closed = embedder;
    closed.close();
    closed.close();
    try {
      assertThatIllegalStateException()
          .isThrownBy(() -> closed.embedPassage("text"))
          .withMessageContaining("closed");
      assertThatIllegalStateException().isThrownBy(() -> closed.embedPassages(List.of("text")));
      assertThatIllegalStateException()
          .isThrownBy(() -> closed.embedAsync("text", InputType.QUERY));
    } finally {
      embedder = open(TruncationPolicy.TRUNCATE);
    }
  }
}
