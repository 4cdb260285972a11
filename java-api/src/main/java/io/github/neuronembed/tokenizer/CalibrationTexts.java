package io.github.neuronembed.tokenizer;

import io.github.neuronembed.InputType;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Texts by which an encoder of eight-bit integers finds out how large a model's activations are.
 * Written for this: queries, sentences and paragraphs on many matters, some code and figures, and a
 * few sentences in other languages than English.
 */
public final class CalibrationTexts {

  private static final String RESOURCE = "calibration.txt";

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

  /** Their token ids, every second text's as a query; texts that are too long are cut. */
  public static List<int[]> tokens(TextTokenizer tokenizer) {
    List<int[]> tokens = new ArrayList<>();
    for (String text : all()) {
      InputType type = tokens.size() % 2 == 0 ? InputType.PASSAGE : InputType.QUERY;
      tokens.add(tokenizer.encode(text, type));
    }
    return tokens;
  }
}
