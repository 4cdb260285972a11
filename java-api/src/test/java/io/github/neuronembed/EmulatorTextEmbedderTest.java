package io.github.neuronembed;

import io.github.neuronembed.model.ModelDirectory;

/** The same contract over the native core and the emulated libnrt. */
@NeedsNativeCore
class EmulatorTextEmbedderTest extends TextEmbedderContract {

  @Override
  protected TextEmbedder open(TruncationPolicy truncation) {
    return TextEmbedder.builder()
        .model(ModelDirectory.open(BgeSmall.directory()))
        .backend(BackendChoice.EMULATOR)
        .truncation(truncation)
        .build();
  }
}
