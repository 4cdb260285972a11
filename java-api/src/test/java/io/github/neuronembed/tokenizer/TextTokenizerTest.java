package io.github.neuronembed.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.neuronembed.InputType;
import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.TextTooLongException;
import io.github.neuronembed.TokenizedText;
import io.github.neuronembed.TruncationPolicy;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.ModelFolder;
import io.github.neuronembed.model.ModelOverrides;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** On a tiny vocabulary: every letter and digit, some words, some punctuation. */
class TextTokenizerTest {

  private static final int UNK = 1;
  private static final int CLS = 2;
  private static final int SEP = 3;
  private static final int MASK = 4;

  @TempDir Path temp;
  private ModelFolder folder;
  private JsonObject vocabulary;

  @BeforeEach
  void writeFolder() {
    folder = ModelFolder.complete(temp);
    vocabulary =
        JsonParser.parseString(folder.read("tokenizer.json"))
            .getAsJsonObject()
            .getAsJsonObject("model")
            .getAsJsonObject("vocab");
  }

  private int[] ids(String... tokens) {
    return Arrays.stream(tokens).mapToInt(token -> vocabulary.get(token).getAsInt()).toArray();
  }

  private int[] framed(String... tokens) {
    return IntStream.concat(
            IntStream.concat(IntStream.of(CLS), Arrays.stream(ids(tokens))), IntStream.of(SEP))
        .toArray();
  }

  private int[] encode(String text) {
    try (TextTokenizer tokenizer = TextTokenizer.open(folder.open())) {
      return tokenizer.encode(text, InputType.PASSAGE);
    }
  }

  @Test
  void aTextBecomesItsTokensBetweenTheSpecialOnes() {
    assertThat(encode("The quick fox jumped"))
        .isEqualTo(framed("the", "quick", "fox", "jump", "##ed"));
    assertThat(encode("Hello, WORLD!")).isEqualTo(framed("hello", ",", "world", "!"));
    assertThat(encode("漢字か")).isEqualTo(framed("漢", "字", "か"));
    assertThat(encode("é\u0301")).isEqualTo(framed("e"));
  }

  @Test
  void aTextWithoutTokensIsTheSpecialOnes() {
    assertThat(encode("")).containsExactly(CLS, SEP);
    assertThat(encode(" \t\n\u3000")).containsExactly(CLS, SEP);
    assertThat(encode("\u0000\u200B\uFFFD")).containsExactly(CLS, SEP);
  }

  @Test
  void nulIsDropped() {
    assertThat(encode("he\u0000llo\u0000")).isEqualTo(framed("hello"));
  }

  @Test
  void aCharacterOfTwoSurrogatesArrivesWhole() {
    assertThat(encode("fox \uD83D\uDE00 fox")).isEqualTo(framed("fox", "[UNK]", "fox"));
    // Both halves were one character, and it counted as one: 100 are not too many for a word.
    assertThat(encode("\uD83D\uDE00".repeat(3) + " the")).isEqualTo(framed("[UNK]", "the"));
  }

  @Test
  void aSurrogateWithoutItsHalfIsDroppedAndTheRestIsKept() {
    assertThat(encode("hel\uD83Dlo")).isEqualTo(framed("hello"));
    assertThat(encode("hel\uDE00lo \uD83D")).isEqualTo(framed("hello"));
    assertThat(encode("\uDE00\uD83D the \uD83D\uD83D\uDE00 fox\uD83D"))
        .isEqualTo(framed("the", "[UNK]", "fox"));
    assertThat(encode("\uD83Dhe\u0000llo 漢")).isEqualTo(framed("hello", "漢"));
  }

  @Test
  void theNameOfASpecialTokenIsThatToken() {
    assertThat(encode("the [MASK][SEP] fox"))
        .containsExactly(CLS, ids("the")[0], MASK, SEP, ids("fox")[0], SEP);
  }

  @Test
  void aQueryGetsThePrefixAndAPassageDoesNot() {
    try (TextTokenizer tokenizer = TextTokenizer.open(folder.open())) {
      assertThat(tokenizer.encode("the fox", InputType.QUERY))
          .isEqualTo(framed("query", ":", "the", "fox"));
      assertThat(tokenizer.encode("the fox", InputType.PASSAGE)).isEqualTo(framed("the", "fox"));
      assertThat(tokenizer.countTokens("the fox", InputType.QUERY)).isEqualTo(6);
    }
  }

  @Test
  void aLongTextLosesItsLastTokensAndKeepsTheSpecialOnes() {
    try (TextTokenizer tokenizer = TextTokenizer.open(folder.open())) {
      String[] expected = new String[30];
      Arrays.fill(expected, "fox");
      for (int words : new int[] {30, 31, 5000}) {
        String text = "fox ".repeat(words);
        assertThat(tokenizer.encode(text, InputType.PASSAGE)).isEqualTo(framed(expected));
        assertThat(tokenizer.countTokens(text, InputType.PASSAGE)).isEqualTo(words + 2);
      }
      expected[0] = "query";
      expected[1] = ":";
      assertThat(tokenizer.encode("fox ".repeat(40), InputType.QUERY)).isEqualTo(framed(expected));
    }
  }

  @Test
  void aLongTextIsRefusedWithItsCountUnderTheStrictPolicy() {
    try (TextTokenizer tokenizer = TextTokenizer.open(folder.open())) {
      assertThat(tokenizer.maxTokens()).isEqualTo(32);
      String fits = "fox ".repeat(30);
      assertThat(tokenizer.encode(fits, InputType.PASSAGE, TruncationPolicy.STRICT)).hasSize(32);
      for (int words : new int[] {31, 5000}) {
        String text = "fox ".repeat(words);
        assertThatExceptionOfType(TextTooLongException.class)
            .isThrownBy(() -> tokenizer.encode(1, text, InputType.PASSAGE, TruncationPolicy.STRICT))
            .satisfies(
                e -> {
                  assertThat(e.index()).isEqualTo(1);
                  assertThat(e.tokenCount()).isEqualTo(words + 2);
                  assertThat(e.limit()).isEqualTo(32);
                });
      }
    }
  }

  @Test
  void saysHowLongATextWas() {
    try (TextTokenizer tokenizer = TextTokenizer.open(folder.open())) {
      for (int words : new int[] {0, 1, 29, 30, 31, 5000}) {
        String text = "fox ".repeat(words);
        TokenizedText whole =
            tokenizer.encode(0, text, InputType.PASSAGE, TruncationPolicy.TRUNCATE, true);
        TokenizedText begun =
            tokenizer.encode(0, text, InputType.PASSAGE, TruncationPolicy.TRUNCATE, false);

        assertThat(whole.tokenCount()).isEqualTo(words + 2);
        assertThat(whole.isCut()).isEqualTo(words > 30);
        assertThat(begun.isCut()).isEqualTo(words > 30);
        assertThat(begun.tokenCount()).isEqualTo(Math.min(words + 2, 33));
        assertThat(whole.ids()).hasSize(Math.min(words + 2, 32)).isEqualTo(begun.ids());
      }
    }
  }

  @Test
  void whatFollowsAFullTextButIsNoTokenCutsNothing() {
    try (TextTokenizer tokenizer = TextTokenizer.open(folder.open())) {
      TokenizedText tokens =
          tokenizer.encode(
              0,
              "fox ".repeat(30) + " ".repeat(10_000),
              InputType.PASSAGE,
              TruncationPolicy.TRUNCATE,
              false);

      assertThat(tokens.isCut()).isFalse();
      assertThat(tokens.tokenCount()).isEqualTo(32);
    }
  }

  @Test
  void aTextThatIsNullIsNamedByItsPlace() {
    try (TextTokenizer tokenizer = TextTokenizer.open(folder.open())) {
      assertThatNullPointerException()
          .isThrownBy(
              () -> tokenizer.encode(1, nothing(), InputType.PASSAGE, TruncationPolicy.TRUNCATE))
          .withMessage("Text 1 is null.");
    }
  }

  @SuppressWarnings("NullAway")
  private static String nothing() {
    return null;
  }

  /** The file of these tests asks for truncation at 4 and padding to 9. */
  @Test
  void truncationAndPaddingOfTheFileAreSwitchedOff() {
    assertThat(folder.read("tokenizer.json")).contains("\"max_length\": 4", "\"Fixed\": 9");
    assertThat(encode("the")).hasSize(3);
    assertThat(encode("the fox ".repeat(5))).hasSize(12);
  }

  @Test
  void anOverlongWordIsOneUnknownTokenHoweverLong() {
    for (int length : new int[] {101, 3000, 10_000, 1_000_000}) {
      assertThat(encode("the " + "a".repeat(length) + "! fox"))
          .isEqualTo(framed("the", "[UNK]", "!", "fox"));
      assertThat(encode("[MASK]" + "か".repeat(length) + "[MASK]"))
          .containsExactly(CLS, MASK, UNK, MASK, SEP);
    }
    assertThat(encode("\u0301".repeat(1_000_000) + "the\u200B" + "\u0301".repeat(1_000_000)))
        .isEqualTo(framed("the"));
  }

  @Test
  void aTokenizerThatAllowsNoCutTokenizesTheWhole() {
    folder.write(
        "tokenizer.json",
        folder.read("tokenizer.json").replace("\"clean_text\": true", "\"clean_text\": false"));
    assertThat(encode("fox ".repeat(3000))).hasSize(32);
    assertThat(encode("fox\uFFFD fox")).isEqualTo(framed("[UNK]", "fox"));
  }

  @Test
  void aMissingOrBrokenFileIsNamed() {
    byte[] whole = folder.read("tokenizer.json").getBytes(StandardCharsets.UTF_8);
    for (int length = 0; length < whole.length - 2; length += 401) {
      folder.write("tokenizer.json", Arrays.copyOf(whole, length));
      refused("tokenizer.json", "is not valid JSON");
    }
    folder.write("tokenizer.json", "[".repeat(1_000_000));
    refused("tokenizer.json", "is not valid JSON");
    folder.write("tokenizer.json", "{}");
    refused("tokenizer.json", "\"model\"");
    folder.delete("tokenizer.json");
    refused("tokenizer.json", "is missing");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"type\": \"WordPiece\"       | \"type\": \"WordLevel\"       | WordPiece, Unigram or BPE",
        "\"type\": \"BertNormalizer\"  | \"type\": \"NFKC\"            | BertNormalizer, as for"
            + " every",
        "\"type\": \"BertPreTokenizer\"| \"type\": \"Whitespace\"      | BertPreTokenizer, as for"
            + " every",
        "\"unk_token\": \"[UNK]\"      | \"unk_token\": \"<unk>\"      | a token of the vocabulary",
        "\"[PAD]\": 0,                 | \"[PAD]\": 103,               | the id 103 for its padding"
            + " token",
        "\"the\": 94                   | \"the\": 104                  | a token with the id 104",
        "\"the\": 94                   | \"the\": \"x\"                | an integer",
        "\"ids\": [                    | \"ids\": [ -1,                | ids[0]",
        "\"clean_text\": true,         |                               | clean_text",
        "_chars_per_word\": 100        | _chars_per_word\": 1000000000 | at most 1000",
        "\"id\": \"A\"                 | \"id\": \"B\"                 | the text A, once",
      },
      quoteCharacter = '`')
  void aTokenizerThatDoesNotFitIsRefused(String text, String by, String message) {
    String before = folder.read("tokenizer.json");
    folder.write("tokenizer.json", before.replace(text, by == null ? "" : by));
    assertThat(folder.read("tokenizer.json")).isNotEqualTo(before);
    refused("tokenizer.json", message);
  }

  @Test
  void aTemplateWithoutSpecialTokensIsRefused() {
    folder.set("tokenizer.json", "post_processor", "null");
    refused("tokenizer.json", "puts no special token before a text");
  }

  @Test
  void aVocabularyLargerThanTheModelsIsRefused() {
    folder.set("config.json", "vocab_size", "103");
    refused("tokenizer.json", "does not fit the model", "103");
  }

  @Test
  void anotherPaddingTokenThanTheModelsIsRefused() {
    folder.set("config.json", "pad_token_id", "1");
    refused("the id 0 for its padding token [PAD]", "config.json has 1");
    folder.set("tokenizer_config.json", "pad_token", "{\"content\": \"[UNK]\"}");
    TextTokenizer.open(folder.open()).close();
    folder.set("tokenizer_config.json", "pad_token", "\"<pad>\"");
    refused("no id for its padding token <pad>");
  }

  @Test
  void aLimitWithoutRoomForATextIsRefused() {
    ModelDirectory model = ModelDirectory.open(folder.path(), ModelOverrides.NONE.withMaxTokens(2));
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> TextTokenizer.open(model))
        .withMessageContaining("no token is left for a text");
  }

  @ParameterizedTest
  @ValueSource(strings = {"model", "normalizer", "added_tokens", "post_processor", "decoder"})
  void aPartOfAnotherTypeIsNeverAnotherException(String part) {
    String before = folder.read("tokenizer.json");
    for (String json :
        List.of("true", "7", "\"x\"", "[]", "{}", "[[1]]", "[{}]", "{\"type\": 1}")) {
      folder.set("tokenizer.json", part, json);
      try {
        TextTokenizer.open(folder.open()).close();
      } catch (ModelLoadException e) {
        assertThat(e).hasMessageContaining("tokenizer.json");
      }
      folder.write("tokenizer.json", before);
    }
  }

  @Test
  void afterCloseEveryCallIsRefused() {
    TextTokenizer tokenizer = TextTokenizer.open(folder.open());
    tokenizer.close();
    tokenizer.close();
    assertThatIllegalStateException()
        .isThrownBy(() -> tokenizer.encode("the", InputType.PASSAGE))
        .withMessageContaining("is closed");
    assertThatIllegalStateException().isThrownBy(() -> tokenizer.countTokens("", InputType.QUERY));
  }

  @Test
  void closeWaitsForCallsOfOtherThreads() throws Exception {
    String text = "the quick brown fox ".repeat(500);
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      for (int round = 0; round < 50; round++) {
        TextTokenizer tokenizer = TextTokenizer.open(folder.open());
        int expected = tokenizer.countTokens(text, InputType.PASSAGE);
        CountDownLatch running = new CountDownLatch(4);
        AtomicBoolean closed = new AtomicBoolean();
        List<Future<?>> callers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
          callers.add(
              threads.submit(
                  () -> {
                    running.countDown();
                    boolean refusedAfterwards = false;
                    while (!refusedAfterwards) {
                      boolean afterwards = closed.get();
                      try {
                        assertThat(tokenizer.countTokens(text, InputType.PASSAGE))
                            .isEqualTo(expected);
                        assertThat(afterwards).as("began after close() returned").isFalse();
                      } catch (IllegalStateException refused) {
                        refusedAfterwards = afterwards;
                      }
                    }
                  }));
        }
        running.await();
        tokenizer.close();
        closed.set(true);
        for (Future<?> caller : callers) {
          caller.get();
        }
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private void refused(String... parts) {
    ModelDirectory model = folder.open();
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> TextTokenizer.open(model).close())
        .satisfies(e -> assertThat(e.getMessage()).contains(parts));
  }
}
