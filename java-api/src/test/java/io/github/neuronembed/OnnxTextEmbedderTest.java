package io.github.neuronembed;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.neuronembed.model.ModelDirectory;
import org.junit.jupiter.api.Test;

class OnnxTextEmbedderTest extends TextEmbedderContract {

  @Override
  protected TextEmbedder open(TruncationPolicy truncation) {
    return TextEmbedder.builder()
        .model(ModelDirectory.open(BgeSmall.directory()))
        .backend(BackendChoice.ONNX)
        .truncation(truncation)
        .build();
  }

  @Test
  void theGraphIsRewrittenUnlessToldOtherwise() {
    try (TextEmbedder embedder = open(TruncationPolicy.TRUNCATE)) {
      assertThat(embedder.backendReason()).contains("rewritten for speed");
    }
  }
}
