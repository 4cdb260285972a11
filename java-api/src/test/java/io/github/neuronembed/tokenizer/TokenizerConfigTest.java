package io.github.neuronembed.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.neuronembed.InputType;
import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.TruncationPolicy;
import io.github.neuronembed.model.ModelFolder;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What two files say of one tokenizer, and which of them counts. */
class TokenizerConfigTest {

  private static final String CONFIG = "tokenizer_config.json";

  @TempDir private Path temp;
  private ModelFolder folder;

  @BeforeEach
  void writeFolder() {
    folder = ModelFolder.complete(temp.resolve("model"));
    folder.delete("sentence_bert_config.json");
  }

  private int[] content(String text) {
    try (TextTokenizer tokenizer = TextTokenizer.open(folder.open())) {
      int[] ids = tokenizer.encode(text, InputType.PASSAGE);
      return Arrays.copyOfRange(ids, 1, ids.length - 1);
    }
  }

  private void normalizer(boolean lowercase, String strips, boolean ideographs) {
    folder.set(
        "tokenizer.json",
        "normalizer",
        "{\"type\": \"BertNormalizer\", \"clean_text\": true, \"handle_chinese_chars\": %s, \"strip_accents\": %s, \"lowercase\": %s}"
            .formatted(ideographs, strips, lowercase));
  }

  /** 1 is the unknown token, which a word is that has a character the vocabulary has not. */
  @ParameterizedTest
  @CsvSource({
    // class, do_lower_case, tokenizer.json's lowercase, whether FOX is known
    "BertTokenizer, true, false, true",
    "BertTokenizer, false, true, false",
    "BertTokenizerFast, false, true, false",
    "BertTokenizer, null, false, true",
    "null, null, false, true",
    "null, false, true, false",
    "PreTrainedTokenizerFast, true, false, false",
    "PreTrainedTokenizerFast, false, true, true"
  })
  void lowerCaseIsTheConfigurationsWhereItsClassSaysSo(
      String tokenizerClass, String lowers, boolean fileLowers, boolean known) {
    normalizer(fileLowers, "null", true);
    folder.set(
        CONFIG,
        "tokenizer_class",
        tokenizerClass.equals("null") ? "null" : '"' + tokenizerClass + '"');
    folder.set(CONFIG, "do_lower_case", lowers);

    assertThat(content("FOX")).isEqualTo(known ? content("fox") : new int[] {1});
  }

  @Test
  void accentsAndIdeographsAreTheConfigurationsToo() {
    normalizer(true, "false", true);
    assertThat(content("f\u00f3x")).isEqualTo(content("fox"));
    folder.set(CONFIG, "strip_accents", "false");
    assertThat(content("f\u00f3x")).containsExactly(1);

    assertThat(content("fox\u6f22")).hasSize(2);
    folder.set(CONFIG, "tokenize_chinese_chars", "false");
    assertThat(content("fox\u6f22")).containsExactly(1);
  }

  @Test
  void theSentenceConfigurationPutsTextsIntoLowerCase() {
    normalizer(false, "false", true);
    folder.set(CONFIG, "do_lower_case", "false");
    assertThat(content("FOX")).containsExactly(1);
    folder.write("sentence_bert_config.json", "{\"do_lower_case\": true}");
    assertThat(content("FOX")).isEqualTo(content("fox"));
    // Accents stay, as the normalizer behind it says.
    assertThat(content("f\u00f3x")).containsExactly(1);
  }

  @Test
  void aTextMayLoseItsFirstTokens() {
    String text = "a b c d e f g h";
    folder.write("sentence_bert_config.json", "{\"max_seq_length\": 5}");
    int[] whole = {5, 6, 7, 8, 9, 10, 11, 12};
    assertThat(content(text)).containsExactly(5, 6, 7);
    folder.set(CONFIG, "truncation_side", "\"right\"");
    assertThat(content(text)).containsExactly(5, 6, 7);
    folder.set(CONFIG, "truncation_side", "\"left\"");
    assertThat(content(text)).containsExactly(10, 11, 12);
    assertThat(content("a b")).containsExactly(5, 6);
    assertThat(content("x ".repeat(5_000) + text)).containsExactly(10, 11, 12);
    try (TextTokenizer tokenizer = TextTokenizer.open(folder.open())) {
      assertThat(ids(tokenizer, whole)).containsExactly(2, 10, 11, 12, 3);
    }
    folder.set(CONFIG, "truncation_side", "\"middle\"");
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> content(text))
        .withMessageContainingAll(CONFIG, "truncation_side", "\"left\" or \"right\"");
  }

  private static int[] ids(TextTokenizer tokenizer, int[] whole) {
    return tokenizer.withSpecialTokens(whole, TruncationPolicy.TRUNCATE).ids();
  }
}
