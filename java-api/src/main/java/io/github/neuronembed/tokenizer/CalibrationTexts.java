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
 * Texts from which an encoder with eight-bit integers takes the ranges of a model's activations.
 * Written for this purpose: queries, sentences and paragraphs on many subjects, some code and
 * figures, and a few sentences in languages other than English.
 */
public final class CalibrationTexts {

  private static final String RESOURCE = "calibration.txt";

  /** If a model has other names for them, these are ordinary texts. */
  private static final List<String> SPECIAL =
      List.of("", "[UNK]", "[MASK]", "[PAD]", "[UNK][PAD][MASK][CLS][SEP]");

  private CalibrationTexts() {}

  /** The texts, one per line of the file that ships with the library. */
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
   * Token ids of them all, and of the special tokens of BERT, alone and together, because their
   * activations differ from those of all other tokens. All are passages, so that a model's query
   * prefix has no effect; texts that are too long are truncated.
   */
  public static List<int[]> tokens(TextTokenizer tokenizer) {
    return Stream.concat(all().stream(), SPECIAL.stream())
        .map(text -> tokenizer.encode(text, InputType.PASSAGE))
        .toList();
  }
}
