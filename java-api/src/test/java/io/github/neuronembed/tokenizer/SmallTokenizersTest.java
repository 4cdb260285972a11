package io.github.neuronembed.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.neuronembed.InputType;
import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.SmallModel;
import io.github.neuronembed.Token;
import io.github.neuronembed.TokenizedText;
import io.github.neuronembed.TruncationPolicy;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.ModelFolder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** SentencePiece's and byte-level tokens: what {@link TextTokenizerTest} says of WordPiece's. */
class SmallTokenizersTest {

  private static final int BEGIN = 0;
  private static final int END = 2;
  private static final int UNKNOWN = 3;
  private static final String EMOJI = "\uD83E\uDD81";

  @TempDir private Path temp;

  private TextTokenizer open(SmallModel small) {
    return TextTokenizer.open(ModelDirectory.open(small.writeTo(temp)));
  }

  private static int[] content(TextTokenizer tokenizer, String text) {
    int[] all = tokenizer.encode(text, InputType.PASSAGE);
    return Arrays.copyOfRange(all, 1, all.length - 1);
  }

  @ParameterizedTest
  @EnumSource(names = {"XLM_ROBERTA", "ROBERTA"})
  void aTextWithoutTokensIsTheSpecialOnes(SmallModel small) {
    try (TextTokenizer tokenizer = open(small)) {
      assertThat(tokenizer.encode("", InputType.PASSAGE)).containsExactly(BEGIN, END);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"XLM_ROBERTA", "ROBERTA"})
  void theNameOfASpecialTokenIsThatToken(SmallModel small) {
    try (TextTokenizer tokenizer = open(small)) {
      int mask = tokenizer.encode("<mask>", InputType.PASSAGE)[1];
      assertThat(content(tokenizer, "</s><mask>")).containsExactly(END, mask);
      // It takes the white space before it along.
      assertThat(content(tokenizer, "the   <mask>"))
          .isEqualTo(content(tokenizer, "the<mask>"))
          .endsWith(mask);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"XLM_ROBERTA", "ROBERTA"})
  void aSurrogateWithoutItsHalfIsTheReplacementCharacter(SmallModel small) {
    try (TextTokenizer tokenizer = open(small)) {
      assertThat(content(tokenizer, "a\uD83D b\uDE00 c"))
          .isEqualTo(content(tokenizer, "a\uFFFD b\uFFFD c"));
    }
  }

  @Test
  void unknownCharactersInARowAreOneToken() {
    try (TextTokenizer tokenizer = open(SmallModel.XLM_ROBERTA)) {
      assertThat(content(tokenizer, EMOJI.repeat(5))).endsWith(UNKNOWN).hasSizeLessThanOrEqualTo(2);
    }
  }

  @Test
  void aByteLevelTokenizerKnowsEveryCharacter() {
    try (TextTokenizer tokenizer = open(SmallModel.ROBERTA)) {
      String text = "a " + EMOJI + " \u0000 \uFFFD b";
      int[] ids = content(tokenizer, text);
      assertThat(ids).doesNotContain(UNKNOWN);
      assertThat(tokenizer.decode(ids, true)).isEqualTo(text);
    }
  }

  @Test
  void tokensAreReadBackAsText() {
    try (TextTokenizer tokenizer = open(SmallModel.XLM_ROBERTA)) {
      int[] ids = tokenizer.encode("the old farmer found a box", InputType.PASSAGE);
      assertThat(tokenizer.decode(ids, true)).isEqualTo("the old farmer found a box");
      List<Token> tokens = tokenizer.tokens("the old farmer", InputType.PASSAGE, true);
      assertThat(tokens.get(0).text()).isEqualTo("<s>");
      assertThat(tokens.get(1).start()).isZero();
    }
  }

  /** Whatever is in a text, its pieces have the tokens of the whole. */
  @ParameterizedTest
  @EnumSource(names = {"XLM_ROBERTA", "ROBERTA"})
  void piecesHaveTheTokensOfTheWhole(SmallModel small) {
    ModelDirectory model = ModelDirectory.open(small.writeTo(temp));
    TokenizerDefinition definition = new TokenizerDefinition(model.transformer());
    assertThat(definition.pieces()).isInstanceOf(SpacePieces.class);
    String[] parts = {
      " ", "  ", "\t", "\n", "\u00a0", "\u3000", "\u200b", "\u0301", "\u0600", "\u0d4e", "<mask>",
      "</s>", "the", "sailor", "'s", "'", "n't", "12", "\uFF21", "\u2460", "\u672c", "\u00e9", "!",
      EMOJI, "\u2581", "a"
    };
    Random random = new Random(3);
    try (NativeTokenizer tokenizer = NativeTokenizer.open(definition)) {
      for (int round = 0; round < 400; round++) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 60; i++) {
          text.append(parts[random.nextInt(random.nextBoolean() ? 2 : parts.length)]);
        }
        int[] whole = ids(tokenizer, text.toString());
        int at = 0;
        int[] joined = new int[0];
        for (int cut = 1; cut <= text.length(); cut++) {
          if (cut == text.length() || SpacePieces.isCut(text.toString(), cut)) {
            joined =
                IntStream.concat(
                        Arrays.stream(joined),
                        Arrays.stream(ids(tokenizer, text.substring(at, cut))))
                    .toArray();
            at = cut;
          }
        }
        assertThat(joined).as("round %s", round).isEqualTo(whole);
      }
    }
  }

  private static int[] ids(NativeTokenizer tokenizer, String text) {
    return tokenizer.tokens(text).stream().mapToInt(Token::id).toArray();
  }

  @ParameterizedTest
  @EnumSource(names = {"XLM_ROBERTA", "ROBERTA"})
  void aHugeTextIsNotReadToItsEnd(SmallModel small) {
    try (TextTokenizer tokenizer = open(small)) {
      String start = "the sailor found a box near the river and ".repeat(300);
      TokenizedText huge =
          tokenizer.encode(
              0,
              start + "water ".repeat(2_000_000),
              InputType.PASSAGE,
              TruncationPolicy.TRUNCATE,
              false);
      assertThat(huge.ids()).hasSize(512).isEqualTo(tokenizer.encode(start, InputType.PASSAGE));
      assertThat(huge.tokenCount()).isEqualTo(513);
      assertThat(tokenizer.countTokens(start, InputType.PASSAGE))
          .isEqualTo(tokenizer.tokens(start, InputType.PASSAGE, true).size());
    }
  }

  @ParameterizedTest
  @CsvSource({"8192, 512", "512, 512", "100, 100"})
  void theLimitIsTheTokenizersOrThePositions(int stated, int limit) {
    ModelFolder folder = ModelFolder.of(SmallModel.XLM_ROBERTA.writeTo(temp));
    folder.set("tokenizer_config.json", "model_max_length", Integer.toString(stated));
    // 514 positions, two of which are not used.
    assertThat(folder.open().maxTokens()).isEqualTo(limit);
    folder.set("config.json", "max_position_embeddings", "8194");
    assertThat(folder.open().maxTokens()).isEqualTo(stated);
  }

  @Test
  void aTableThatPointsOutsideOfItselfIsRefused() {
    ModelFolder folder = ModelFolder.of(SmallModel.XLM_ROBERTA.writeTo(temp));
    JsonObject json = JsonParser.parseString(folder.read("tokenizer.json")).getAsJsonObject();
    JsonObject normalizer = json.getAsJsonObject("normalizer");
    byte[] table = Base64.getDecoder().decode(normalizer.get("precompiled_charsmap").getAsString());
    Random random = new Random(5);
    int refused = 0;
    for (int round = 0; round < 300; round++) {
      byte[] broken = Arrays.copyOf(table, round < 20 ? round : table.length);
      if (broken.length > 20) {
        broken[random.nextInt(broken.length)] ^= (byte) (1 << random.nextInt(8));
      }
      normalizer.addProperty("precompiled_charsmap", Base64.getEncoder().encodeToString(broken));
      folder.write("tokenizer.json", json.toString());
      try (TextTokenizer tokenizer = TextTokenizer.open(folder.open())) {
        for (int c = 1; c < 0x3000; c += 97) {
          content(tokenizer, "caf\u00e9 e\u0301 \uFF21\u2460 " + (char) c + (char) (c + 1));
        }
      } catch (ModelLoadException e) {
        assertThat(e).hasMessageContaining("precompiled_charsmap");
        refused++;
      }
    }
    assertThat(refused).isGreaterThan(20);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "XLM_ROBERTA | \"unk_id\":3            | \"unk_id\":700          | unk_id",
        "XLM_ROBERTA | [\"<s>\",0.0]           | [\"<s>\"]               | vocab[0]",
        "XLM_ROBERTA | [\"<s>\",0.0]           | [\"<s>\",\"x\"]         | vocab[0][1]",
        "XLM_ROBERTA | \"WhitespaceSplit\"     | \"Whitespace\"          | WhitespaceSplit",
        "XLM_ROBERTA | \"Precompiled\"         | \"Bert\"                | the ones that are known",
        "ROBERTA     | \"dropout\":null        | \"dropout\":0.1         | chance",
        "ROBERTA     | \"end_of_word_suffix\":\"\" | \"end_of_word_suffix\":\"x\" | empty",
        "ROBERTA     | \"merges\":[            | \"merges\":[\"a zz\",   | merges[0]",
        "ROBERTA     | \"type\":\"ByteLevel\"  | \"type\":\"Digits\"     | ByteLevel",
      })
  void aTokenizerThatMakesNoSenseIsRefused(SmallModel small, String text, String by, String part) {
    ModelFolder folder = ModelFolder.of(small.writeTo(temp));
    String before = folder.read("tokenizer.json");
    folder.write("tokenizer.json", before.replace(text, by));
    assertThat(folder.read("tokenizer.json")).isNotEqualTo(before);
    ModelDirectory model = folder.open();
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> TextTokenizer.open(model).close())
        .withMessageContaining("tokenizer.json")
        .withMessageContaining(part);
  }

  @Test
  void pairsInAListAreMergesToo() {
    ModelFolder folder = ModelFolder.of(SmallModel.ROBERTA.writeTo(temp));
    int[] before;
    try (TextTokenizer tokenizer = TextTokenizer.open(folder.open())) {
      before = tokenizer.encode("the old farmer found a box", InputType.PASSAGE);
    }
    JsonObject json = JsonParser.parseString(folder.read("tokenizer.json")).getAsJsonObject();
    JsonObject model = json.getAsJsonObject("model");
    JsonArray merges = new JsonArray();
    for (JsonElement merge : model.getAsJsonArray("merges")) {
      JsonArray pair = new JsonArray();
      for (String token : merge.getAsString().split(" ", -1)) {
        pair.add(token);
      }
      merges.add(pair);
    }
    model.add("merges", merges);
    folder.write("tokenizer.json", json.toString());
    try (TextTokenizer tokenizer = TextTokenizer.open(folder.open())) {
      assertThat(tokenizer.encode("the old farmer found a box", InputType.PASSAGE))
          .isEqualTo(before);
    }
  }
}
