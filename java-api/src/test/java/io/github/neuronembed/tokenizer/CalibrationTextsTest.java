package io.github.neuronembed.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.neuronembed.golden.GoldenText;
import io.github.neuronembed.golden.GoldenVectors;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;

class CalibrationTextsTest {

  @Test
  void thereAreSomeDozenDifferentTexts() {
    List<String> texts = CalibrationTexts.all();

    assertThat(texts).hasSizeBetween(24, 64).doesNotHaveDuplicates().noneMatch(String::isBlank);
  }

  /** What the vectors are measured with must not be what the encoder was adjusted to. */
  @Test
  void noneIsAGoldenText() {
    List<String> golden =
        GoldenVectors.of("bge-small-en-v1.5").orElseThrow().texts().stream()
            .map(GoldenText::text)
            .toList();

    assertThat(new HashSet<>(golden)).doesNotContainAnyElementsOf(CalibrationTexts.all());
  }
}
