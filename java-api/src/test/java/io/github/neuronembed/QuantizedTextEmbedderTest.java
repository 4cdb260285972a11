package io.github.neuronembed;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.neuronembed.golden.GoldenText;
import io.github.neuronembed.golden.GoldenVectors;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.Precision;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class QuantizedTextEmbedderTest {

  @Test
  void aVectorIsTheSameAloneAndInAnyCompany() {
    List<String> texts =
        new ArrayList<>(
            GoldenVectors.of("bge-small-en-v1.5").orElseThrow().texts().stream()
                .map(GoldenText::text)
                .distinct()
                .toList());
    try (TextEmbedder embedder =
        TextEmbedder.builder()
            .model(ModelDirectory.open(BgeSmall.quantizedDirectory()))
            .backend(BackendChoice.ONNX)
            .precision(Precision.INT8)
            .build()) {
      List<float[]> alone = texts.stream().map(embedder::embedPassage).toList();
      List<Integer> order = new ArrayList<>();
      for (int i = 0; i < texts.size(); i++) {
        order.add(i);
      }
      Collections.shuffle(order, new Random(7));
      List<float[]> together = embedder.embedPassages(order.stream().map(texts::get).toList());
      for (int i = 0; i < order.size(); i++) {
        assertThat(together.get(i)).isEqualTo(alone.get(order.get(i)));
      }
    }
  }
}
