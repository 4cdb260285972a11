package io.github.neuronembed;

import io.github.neuronembed.model.ModelDirectory;

class OnnxTextEmbedderTest extends TextEmbedderContract {

  @Override
  protected TextEmbedder open(TruncationPolicy truncation) {
    return TextEmbedder.builder()
        .model(ModelDirectory.open(BgeSmall.directory()))
        .backend(BackendChoice.ONNX)
        .truncation(truncation)
        .build();
  }
}
