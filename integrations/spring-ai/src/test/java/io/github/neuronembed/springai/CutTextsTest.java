package io.github.neuronembed.springai;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.neuronembed.TextEmbedder;
import io.github.neuronembed.backend.FakeBackend;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.engine.EngineMetrics;
import io.github.neuronembed.model.ModelFolder;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.ai.embedding.EmbeddingResponse;

class CutTextsTest {

  @TempDir private Path folder;

  /** 200 texts over the limit of a model of 32 tokens, each behind one that fits. */
  @Test
  void theMetadataOfAResponseSaysWhichAndHowLong() {
    List<String> texts = new ArrayList<>();
    List<Integer> tokenCounts = new ArrayList<>();
    List<Integer> cutTexts = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      texts.add("fox");
      tokenCounts.add(3);
      cutTexts.add(texts.size());
      texts.add("fox ".repeat(31 + i));
      tokenCounts.add(33 + i);
    }
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    try (TextEmbedder embedder =
        TextEmbedder.builder()
            .model(ModelFolder.complete(folder).open())
            .backend(FakeBackend.quick(1, new Shape(8, 32)).withHiddenSize(8))
            .engine(options -> options.listener(new EngineMetrics(meters, "tiny")))
            .build()) {
      NeuronEmbeddingModel model = NeuronEmbeddingModel.builder(embedder).build();

      EmbeddingResponse response = model.embedForResponse(texts);

      List<Integer> saidCounts = response.getMetadata().get(NeuronEmbeddingModel.TOKEN_COUNTS);
      List<Integer> saidCut = response.getMetadata().get(NeuronEmbeddingModel.CUT_TEXTS);
      assertThat(saidCounts).isEqualTo(tokenCounts);
      assertThat(saidCut).isEqualTo(cutTexts);
      assertThat(response.getMetadata().getUsage().getPromptTokens()).isEqualTo(200 * (3 + 32));
      assertThat(meters.get("embedding.truncated").counter().count()).isEqualTo(200);
      // Usage took the tokenizer a second time.
      assertThat(meters.get("embedding.tokenize.time").timer().count()).isEqualTo(400);
    }
  }
}
