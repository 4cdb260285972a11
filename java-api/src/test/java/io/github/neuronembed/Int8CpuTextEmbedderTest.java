package io.github.neuronembed;

import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.Precision;
import org.junit.jupiter.api.condition.EnabledIf;

@EnabledIf("io.github.neuronembed.CpuTextEmbedderTest#hasFastKernel")
@NeedsNativeCore
class Int8CpuTextEmbedderTest extends TextEmbedderContract {

  @Override
  protected TextEmbedder open(TruncationPolicy truncation) {
    return TextEmbedder.builder()
        .model(ModelDirectory.open(BgeSmall.directory()))
        .backend(BackendChoice.CPU)
        .precision(Precision.INT8)
        .truncation(truncation)
        .build();
  }

  /** Texts of nothing but special tokens are the furthest, at 0.9990. */
  @Override
  protected double leastCosine() {
    return 0.998;
  }
}
