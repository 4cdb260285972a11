package io.github.neuronembed.tokenizer;

import io.github.neuronembed.InputType;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * Texts by which an encoder of eight-bit integers finds out how large a model's activations are.
 * Written for this: queries, sentences and paragraphs on many matters, some code and figures, and a
 * few sentences in other languages than English.
 */
public final class CalibrationTexts {

  private static final String RESOURCE = "calibration.txt";

  /** Where a model has other names for them, these are ordinary texts. */
  private static final List<String> SPECIAL =
      List.of("", "[UNK]", "[MASK]", "[PAD]", "[UNK][PAD][MASK][CLS][SEP]");

  private CalibrationTexts() {}

  /** The texts, one a line of the file that ships with the library. */
  public static List<String> all() {
    try (InputStream in = CalibrationTexts.class.getResourceAsStream(RESOURCE);
        BufferedReader lines =
            new BufferedReader(
                new InputStreamReader(Objects.requireNonNull(in), StandardCharsets.UTF_8))) {
      return lines.lines().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Token ids of them all, and of the special tokens of BERT, alone and together: those have
   * activations like no other token's. All are passages, so that a model's query prefix changes
   * nothing; texts that are too long are cut.
   */
  public static List<int[]> tokens(TextTokenizer tokenizer) {
    return Stream.concat(all().stream(), SPECIAL.stream())
        .map(text -> tokenizer.encode(text, InputType.PASSAGE))
        .toList();
  }
}
