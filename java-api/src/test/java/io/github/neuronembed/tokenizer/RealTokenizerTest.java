package io.github.neuronembed.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import io.github.neuronembed.InputType;
import io.github.neuronembed.TextTooLongException;
import io.github.neuronembed.TruncationPolicy;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.ModelFolder;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * On the tokenizer of bge-small-en-v1.5: ids equal those of the native tokenizer on the untouched
 * file and the whole text, truncated afterwards.
 */
class RealTokenizerTest {

  private static final int LIMIT = 512;

  @TempDir static Path temp;
  private static TextTokenizer tokenizer;
  private static long reference;

  @BeforeAll
  static void open() throws IOException {
    String json;
    try (InputStream in =
        RealTokenizerTest.class.getResourceAsStream("/bge-small-en-v1.5-tokenizer.json")) {
      json = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
    }
    ModelFolder folder = ModelFolder.complete(temp);
    folder.write("tokenizer.json", json);
    folder.set("config.json", "vocab_size", "30522");
    folder.set("config.json", "max_position_embeddings", "512");
    folder.set("sentence_bert_config.json", "max_seq_length", "512");
    ModelDirectory model = folder.open();
    tokenizer = TextTokenizer.open(model);
    reference = TokenizersLibrary.LIB.createTokenizerFromString(json);
  }

  @AfterAll
  static void close() {
    tokenizer.close();
    TokenizersLibrary.LIB.deleteTokenizer(reference);
  }

  private static int[] whole(String text) {
    long encoding = TokenizersLibrary.LIB.encode(reference, text, true);
    try {
      return Arrays.stream(TokenizersLibrary.LIB.getTokenIds(encoding))
          .mapToInt(Math::toIntExact)
          .toArray();
    } finally {
      TokenizersLibrary.LIB.deleteEncoding(encoding);
    }
  }

  private static int[] truncated(int[] ids) {
    if (ids.length <= LIMIT) {
      return ids;
    }
    int[] cut = Arrays.copyOf(ids, LIMIT);
    cut[LIMIT - 1] = ids[ids.length - 1];
    return cut;
  }

  private static void assertAsWhole(String text) {
    int[] expected = whole(text);
    assertThat(tokenizer.encode(text, InputType.PASSAGE)).isEqualTo(truncated(expected));
    assertThat(tokenizer.countTokens(text, InputType.PASSAGE)).isEqualTo(expected.length);
  }

  @Test
  void knownIds() {
    // As published with the model: [CLS] hello world [SEP].
    assertThat(tokenizer.encode("Hello world", InputType.PASSAGE))
        .containsExactly(101, 7592, 2088, 102);
    assertThat(tokenizer.encode("", InputType.PASSAGE)).containsExactly(101, 102);
    assertThat(tokenizer.encode("[CLS] [PAD]", InputType.PASSAGE))
        .containsExactly(101, 101, 0, 102);
  }

  /** Spring AI puts them before a document's text. */
  @Test
  void lineFeedsBeforeATextChangeNothing() {
    String text = "where do I find last year's bill";

    assertThat(tokenizer.encode("\n\n" + text, InputType.PASSAGE))
        .isEqualTo(tokenizer.encode(text, InputType.PASSAGE));
  }

  @Test
  void specialTokensArePutAroundIdsUnlessTheyAreThere() {
    TruncationPolicy cut = TruncationPolicy.TRUNCATE;
    assertThat(tokenizer.withSpecialTokens(new int[] {7592, 2088}, cut).ids())
        .containsExactly(101, 7592, 2088, 102);
    assertThat(tokenizer.withSpecialTokens(new int[] {101, 7592, 2088, 102}, cut).ids())
        .containsExactly(101, 7592, 2088, 102);
    assertThat(tokenizer.withSpecialTokens(new int[] {101, 7592}, cut).ids())
        .containsExactly(101, 101, 7592, 102);
    assertThat(tokenizer.withSpecialTokens(new int[0], cut).ids()).containsExactly(101, 102);
    assertThat(tokenizer.withSpecialTokens(new int[] {101}, cut).ids())
        .containsExactly(101, 101, 102);
  }

  @Test
  void tooManyIdsAreCutOrRefusedAsATextIs() {
    String text = "hello ".repeat(700);
    int[] all = whole(text);
    int[] content = Arrays.copyOfRange(all, 1, all.length - 1);
    int[] expected = tokenizer.encode(text, InputType.PASSAGE);
    for (int[] ids : List.of(all, content)) {
      assertThat(tokenizer.withSpecialTokens(ids, TruncationPolicy.TRUNCATE).ids())
          .isEqualTo(expected);
      assertThatExceptionOfType(TextTooLongException.class)
          .isThrownBy(() -> tokenizer.withSpecialTokens(ids, TruncationPolicy.STRICT))
          .satisfies(
              e -> {
                assertThat(e.tokenCount()).isEqualTo(702);
                assertThat(e.limit()).isEqualTo(LIMIT);
              });
    }
  }

  @Test
  void textsOfManyScriptsAreAsWhole() {
    for (String text :
        List.of(
            "The quick brown fox jumps over the lazy dog.",
            "Zażółć gęślą jaźń, ÀÉÎÕÜ ßẞ ŉ ŋ",
            "Ὅμηρος ΑΣ Σίσυφος; ἀρχὴ",
            "日本語のテキストと中文文本。한국어 텍스트",
            "عربى نص עברית טקסט ไทย ข้อความ हिन्दी पाठ",
            "e\u0301\u0327 \u1E9B\u0323 \u212B ﬁ ≠ ½ \uD83D\uDC69\u200D\uD83D\uDCBB",
            "a\u0000b\u0007c\u200Bd\uFEFFe\u00ADf",
            "x\u00A0y\u2003z\u3000w\u2028v\u0085u\u000Bt")) {
      assertAsWhole(text);
      assertAsWhole((text + " ").repeat(400));
      assertAsWhole(text.repeat(400));
    }
  }

  /** Random mixtures of what is delicate, long enough for many cuts and shortened words. */
  @Test
  void randomTextsAreAsWhole() {
    String[] delicate = {
      " ",
      "\t",
      "\n",
      ".",
      ",",
      "-",
      "_",
      "[",
      "]",
      "[CLS]",
      "[SEP]",
      "[MASK]",
      "[CLS",
      "CLS]",
      "[[PAD]]",
      "a",
      "Z",
      "9",
      "é",
      "e\u0301",
      "\u0301",
      "\u0345",
      "\u07FD",
      "漢",
      "\u9FFF",
      "\uFA6E",
      "か",
      "が",
      "ー",
      "ก",
      "้",
      "한",
      "ß",
      "İ",
      "Σ",
      "\u0000",
      "\u200B",
      "\u200D",
      "\uFE0F",
      "\uFFFD",
      "\uE000",
      "\u0085",
      "\u00A0",
      "\u3000",
      "\u3002",
      "\u2014",
      "\u2260",
      "\u1FEF",
      "\u166D",
      "→",
      "½",
      "\uD83D\uDE00",
      "\uD840\uDC00",
      "\uD83C\uDFFB",
      "embedding",
      "accelerator",
      "unaffable",
      "the"
    };
    for (long seed = 0; seed < 100; seed++) {
      Random random = new Random(seed);
      StringBuilder text = new StringBuilder();
      int length = random.nextInt(40_000);
      while (text.length() < length) {
        String next = delicate[random.nextInt(delicate.length)];
        // Mostly single, sometimes a monotony around the sizes that matter.
        int times =
            switch (random.nextInt(200)) {
              case 0 -> 1 + random.nextInt(2 * BertPieces.LONGEST_STRETCH / next.length());
              case 1 -> 90 + random.nextInt(30);
              default -> 1;
            };
        // A limited alphabet for a while: stretches without a splitter.
        if (random.nextInt(300) == 0) {
          int stretch = random.nextInt(12_000);
          for (int i = 0; i < stretch; i++) {
            text.append(random.nextInt(3) == 0 ? "\u0301" : "a\u200B");
          }
        }
        text.append(next.repeat(times));
      }
      String drawn = text.toString();
      int[] expected = whole(drawn);
      assertThat(tokenizer.encode(drawn, InputType.PASSAGE))
          .as("seed %d", seed)
          .isEqualTo(truncated(expected));
      assertThat(tokenizer.countTokens(drawn, InputType.PASSAGE))
          .as("seed %d", seed)
          .isEqualTo(expected.length);
    }
  }

  /** Any string of chars, halves of surrogate pairs included. */
  @Test
  void randomCharsAreAsTheRepairedWhole() {
    for (long seed = 0; seed < 100; seed++) {
      Random random = new Random(seed);
      char[] chars = new char[random.nextInt(3000)];
      for (int i = 0; i < chars.length; i++) {
        chars[i] =
            switch (random.nextInt(4)) {
              case 0 -> (char) (0xD800 + random.nextInt(0x800));
              case 1 -> (char) random.nextInt(0x10000);
              default -> (char) random.nextInt(0x80);
            };
      }
      String drawn = new String(chars);
      String repaired =
          new String(drawn.getBytes(StandardCharsets.UTF_16BE), StandardCharsets.UTF_16BE);
      int[] expected = whole(repaired);
      assertThat(tokenizer.encode(drawn, InputType.PASSAGE))
          .as("seed %d", seed)
          .isEqualTo(truncated(expected));
    }
  }

  @Test
  void tenMegabytesAreTokenizedNoFurtherThanTheLimit() {
    String text = "the quick brown fox, jumps over. ".repeat(300_000);
    assertThat(tokenizer.encode(text, InputType.PASSAGE))
        .isEqualTo(truncated(whole(text.substring(0, 10_000))));
    assertThat(tokenizer.encode("漢字かな".repeat(2_500_000), InputType.PASSAGE))
        .isEqualTo(truncated(whole("漢字かな".repeat(1000))));
    assertThat(tokenizer.encode("か".repeat(10_000_000) + " a", InputType.PASSAGE))
        .containsExactly(101, 100, 1037, 102);
    assertThat(tokenizer.encode("\u0000".repeat(10_000_000) + "a", InputType.PASSAGE))
        .containsExactly(101, 1037, 102);
  }

  @Test
  void theStrictPolicyCountsALongTextWhole() {
    String text = "quick fox. ".repeat(20_000);
    assertThat(
            org.assertj.core.api.Assertions.catchThrowableOfType(
                    TextTooLongException.class,
                    () -> tokenizer.encode(text, InputType.PASSAGE, TruncationPolicy.STRICT))
                .tokenCount())
        .isEqualTo(60_002);
  }
}
