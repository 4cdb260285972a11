package io.github.neuronembed;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.Precision;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;

/** On a processor without a fast kernel there is nothing to embed with. */
@EnabledIf("hasFastKernel")
@NeedsNativeCore
class CpuTextEmbedderTest extends TextEmbedderContract {

  static boolean hasFastKernel() {
    return CpuModels.compute(ModelDirectory.open(BgeSmall.directory()), Precision.EXACT);
  }

  @Override
  protected TextEmbedder open(TruncationPolicy truncation) {
    return builder().truncation(truncation).build();
  }

  @Test
  void saysWhatItComputesWith() {
    try (TextEmbedder embedder = open(TruncationPolicy.TRUNCATE)) {
      assertThat(embedder.backend()).contains("encoder exact", "kernel ");
      assertThat(embedder.backendReason()).isEqualTo("The native core's encoder was requested.");
    }
  }

  /** Threads share the work, and change no bit of the result. */
  @Test
  void moreThreadsGiveTheSameVectors() {
    String text = "The tide comes in twice a day. ".repeat(40);
    try (TextEmbedder one = open(TruncationPolicy.TRUNCATE);
        TextEmbedder three = builder().threadsPerExecution(3).build()) {
      assertThat(three.backend()).contains("3 threads");
      assertThat(three.embedPassage(text)).isEqualTo(one.embedPassage(text));
    }
  }

  private static TextEmbedderBuilder builder() {
    return TextEmbedder.builder()
        .model(ModelDirectory.open(BgeSmall.directory()))
        .backend(BackendChoice.CPU);
  }
}
