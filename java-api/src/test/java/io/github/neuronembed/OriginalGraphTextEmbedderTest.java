package io.github.neuronembed;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.neuronembed.model.ModelDirectory;
import org.junit.jupiter.api.Test;

class OriginalGraphTextEmbedderTest extends TextEmbedderContract {

  @Override
  protected TextEmbedder open(TruncationPolicy truncation) {
    return TextEmbedder.builder()
        .model(ModelDirectory.open(BgeSmall.directory()))
        .backend(BackendChoice.ONNX)
        .preparedGraph(false)
        .truncation(truncation)
        .build();
  }

  @Test
  void theFileIsRunAsItIs() {
    try (TextEmbedder embedder = open(TruncationPolicy.TRUNCATE)) {
      assertThat(embedder.backendReason()).isEqualTo("ONNX Runtime was requested.");
    }
  }
}
