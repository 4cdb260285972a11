package io.github.neuronembed.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import io.github.neuronembed.model.ModelFolder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Holds what {@link BertPieces} believes of every character against the tokenizer itself: with one
 * character as the longest word, a letter {@code a} is known and any longer word is not.
 */
class BertPiecesAgainstTokenizerTest {

  private static final TokenizersLibrary NATIVE = TokenizersLibrary.LIB;
  private static final int UNK = 1;

  @TempDir Path temp;

  @ParameterizedTest
  @CsvSource({"true, true, true", "false, false, true", "true, true, false"})
  void everyCharacterIsWhatItIsTakenFor(
      boolean lowercase, boolean stripAccents, boolean ideographs) {
    ModelFolder folder = ModelFolder.complete(temp);
    folder.write(
        "tokenizer.json",
        folder
            .read("tokenizer.json")
            .replace("_chars_per_word\": 100", "_chars_per_word\": 1")
            .replace("\"lowercase\": true", "\"lowercase\": " + lowercase)
            .replace("\"strip_accents\": null", "\"strip_accents\": " + stripAccents)
            .replace("\"handle_chinese_chars\": true", "\"handle_chinese_chars\": " + ideographs));
    TokenizerDefinition definition = new TokenizerDefinition(folder.open().transformer());
    BertPieces pieces = (BertPieces) Objects.requireNonNull(definition.pieces());
    TokenizerLibrary.ensureLoaded();
    long handle = NATIVE.createTokenizerFromString(definition.json());
    try {
      long a = encode(handle, "a")[0];
      List<String> wrong = new ArrayList<>();

      // A word of two characters and one of three: unknown, both. A splitter would give an "a".
      check(
          handle,
          characters().filter(pieces::isKept),
          "%1$sa a%1$sa ",
          new long[] {UNK, UNK},
          wrong);
      // Nothing is left of it.
      check(
          handle, characters().filter(pieces::isRemoved), "%1$sa a%1$s ", new long[] {a, a}, wrong);
      characters()
          .filter(pieces::isSplitter)
          .forEach(
              c -> {
                long[] ids = encode(handle, "a" + Character.toString(c) + "a");
                if (ids.length < 2 || ids[0] != a || ids[ids.length - 1] != a) {
                  wrong.add(String.format(Locale.ROOT, "splitter U+%04X", c));
                }
              });

      assertThat(wrong).isEmpty();
      assertThat(characters().filter(pieces::isKept).count()).isGreaterThan(25_000);
      assertThat(characters().filter(pieces::isRemoved).count()).isGreaterThan(200);
      assertThat(characters().filter(pieces::isSplitter).count())
          .isGreaterThan(ideographs ? 80_000 : 150);
    } finally {
      NATIVE.deleteTokenizer(handle);
    }
  }

  /** The planes with assigned characters, and the start of the private ones. */
  private static IntStream characters() {
    return IntStream.concat(
            IntStream.range(0, 0x33500),
            IntStream.concat(IntStream.range(0xE0000, 0xE0FFF), IntStream.range(0xF0000, 0xF0100)))
        .filter(c -> c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE);
  }

  /** Checks characters many at a time, and one by one where that fails. */
  private static void check(
      long handle, IntStream characters, String format, long[] each, List<String> wrong) {
    int[] all = characters.toArray();
    for (int from = 0; from < all.length; from += 500) {
      int to = Math.min(from + 500, all.length);
      StringBuilder text = new StringBuilder();
      long[] expected = new long[(to - from) * each.length];
      for (int i = from; i < to; i++) {
        text.append(format.formatted(Character.toString(all[i])));
        System.arraycopy(each, 0, expected, (i - from) * each.length, each.length);
      }
      if (Arrays.equals(encode(handle, text.toString()), expected)) {
        continue;
      }
      for (int i = from; i < to; i++) {
        String one = format.formatted(Character.toString(all[i]));
        if (!Arrays.equals(encode(handle, one), each)) {
          wrong.add(
              String.format(Locale.ROOT, "U+%04X, type %d", all[i], Character.getType(all[i])));
        }
      }
    }
  }

  private static long[] encode(long handle, String text) {
    long encoding = NATIVE.encode(handle, text, false);
    try {
      return NATIVE.getTokenIds(encoding);
    } finally {
      NATIVE.deleteEncoding(encoding);
    }
  }
}
