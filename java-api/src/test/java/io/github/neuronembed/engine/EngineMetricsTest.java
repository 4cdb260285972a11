package io.github.neuronembed.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.neuronembed.backend.FakeBackend;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.model.PoolingStrategy;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;

class EngineMetricsTest {

  @Test
  void metersSayWhatHappened() {
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    EngineOptions options =
        EngineOptions.builder().listener(new EngineMetrics(registry, "bge")).build();
    try (EmbeddingEngine engine =
        EmbeddingEngine.start(
            FakeBackend.quick(1, new Shape(4, 8)),
            new VectorReader(PoolingStrategy.CLS, false),
            30_000,
            options)) {
      engine.embedBatch(new int[][] {{1, 2}, {3, 4, 5, 6, 7}}, RequestOptions.INTERACTIVE);
      engine.tokenized(1_000);
      assertThat(registry.get("embedding.queue.depth").tag("lane", "bulk").gauge().value())
          .isZero();
    }
    assertThat(
            registry
                .get("embedding.requests")
                .tags("model", "bge", "lane", "interactive", "bucket", "8", "ending", "completed")
                .timer()
                .count())
        .isEqualTo(1);
    assertThat(registry.get("embedding.batch.size").tag("core", "0").summary().max()).isEqualTo(2);
    assertThat(registry.get("embedding.padding.ratio").summary().max()).isEqualTo(1 - 7 / 32.0);
    assertThat(registry.get("embedding.tokens").counter().count()).isEqualTo(7);
    assertThat(registry.get("embedding.text.tokens").summary().count()).isEqualTo(2);
    assertThat(registry.get("embedding.text.tokens").summary().totalAmount()).isEqualTo(7);
    assertThat(registry.get("embedding.text.tokens").summary().max()).isEqualTo(5);
    assertThat(registry.get("embedding.tokenize.time").timer().count()).isEqualTo(1);
    assertThat(registry.find("embedding.queue.depth").gauge()).isNull();
  }
}
