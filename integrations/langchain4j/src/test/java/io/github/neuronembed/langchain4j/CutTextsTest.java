package io.github.neuronembed.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;

import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.embedding.request.EmbeddingRequest;
import dev.langchain4j.model.embedding.response.EmbeddingResponse;
import dev.langchain4j.model.output.TokenUsage;
import io.github.neuronembed.backend.FakeBackend;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.engine.EngineListener;
import io.github.neuronembed.model.ModelFolder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** 200 texts over the limit of a model of 32 tokens, each behind one that fits. */
class CutTextsTest {

  private static final int CUT = 200;

  private final List<TextSegment> segments = new ArrayList<>();
  private final List<Integer> tokenCounts = new ArrayList<>();
  private final List<Integer> cutTexts = new ArrayList<>();
  private final AtomicInteger tokenized = new AtomicInteger();
  private final AtomicInteger truncated = new AtomicInteger();

  @TempDir private Path folder;
  private NeuronEmbeddingModel model;

  @BeforeEach
  void open() {
    for (int i = 0; i < CUT; i++) {
      segments.add(TextSegment.from("fox"));
      tokenCounts.add(3);
      cutTexts.add(segments.size());
      segments.add(TextSegment.from("fox ".repeat(31 + i)));
      tokenCounts.add(33 + i);
    }
    model =
        NeuronEmbeddingModel.builder()
            .modelDirectory(ModelFolder.complete(folder).path())
            .options(
                options ->
                    options
                        .backend(FakeBackend.quick(1, new Shape(8, 32)).withHiddenSize(8))
                        .engine(engine -> engine.listener(counting())))
            .build();
  }

  @AfterEach
  void close() {
    model.close();
  }

  private EngineListener counting() {
    return new EngineListener() {
      @Override
      public void tokenized(long nanos) {
        tokenized.incrementAndGet();
      }

      @Override
      public void truncated() {
        truncated.incrementAndGet();
      }
    };
  }

  @Test
  void theMetadataOfAResponseSaysWhichAndHowLong() {
    EmbeddingRequest request = EmbeddingRequest.builder().textSegments(segments).build();

    for (EmbeddingResponse response :
        List.of(model.embed(request), model.embedAsync(request).join())) {
      assertThat(response.metadata())
          .isInstanceOfSatisfying(
              NeuronEmbeddingResponseMetadata.class,
              metadata -> {
                assertThat(metadata.tokenCounts()).isEqualTo(tokenCounts);
                assertThat(metadata.cutTexts()).isEqualTo(cutTexts);
                assertThat(metadata.modelName()).isEqualTo(model.modelName());
              });
      assertThat(response.tokenUsage()).isEqualTo(new TokenUsage(CUT * (3 + 32)));
    }
    assertThat(truncated).hasValue(2 * CUT);
  }

  @Test
  void soDoesThatOfLangChain4jsOlderMethods() {
    assertThat(model.embedAll(segments).metadata())
        .containsEntry("tokenCounts", tokenCounts)
        .containsEntry("cutTexts", cutTexts);
    assertThat(model.embed("fox ".repeat(31)).metadata())
        .containsEntry("tokenCounts", List.of(33))
        .containsEntry("cutTexts", List.of(0));
    assertThat(model.embed(segments.get(0)).metadata()).containsEntry("cutTexts", List.of());
  }

  /** Usage took the tokenizer a second time. */
  @Test
  void eachTextIsTokenizedOnce() {
    model.embedAll(segments);
    assertThat(tokenized).hasValue(segments.size());

    model.embed("fox");
    assertThat(tokenized).hasValue(segments.size() + 1);
  }
}
