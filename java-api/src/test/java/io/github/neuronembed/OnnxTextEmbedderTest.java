package io.github.neuronembed;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class OnnxTextEmbedderTest extends TextEmbedderContract {

  @Override
  protected TextEmbedder open(TruncationPolicy truncation) {
    return BgeSmall.open(truncation);
  }

  @Test
  void theGraphIsRewrittenByDefault() {
    try (TextEmbedder embedder = open(TruncationPolicy.TRUNCATE)) {
      assertThat(embedder.backendReason()).contains("rewritten for speed");
    }
  }
}
