package io.github.neuronembed.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.neuronembed.InputType;
import io.github.neuronembed.Token;
import io.github.neuronembed.model.ModelFolder;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The tokens of a text one by one, and the text of ids, on a tiny vocabulary. */
class TokensAndTextTest {

  @TempDir Path temp;
  private ModelFolder folder;

  @BeforeEach
  void writeFolder() {
    folder = ModelFolder.complete(temp);
  }

  private static int[] ids(List<Token> tokens) {
    return tokens.stream().mapToInt(Token::id).toArray();
  }

  @Test
  void everyTokenIsWhereItsTextIs() {
    String text = "the \uD83D\uDE00\uD83D\uDE00 quick é fox";
    try (TextTokenizer tokenizer = TextTokenizer.open(folder.open())) {
      for (InputType type : InputType.values()) {
        String input = folder.open().prefix(type) + text;
        List<Token> tokens = tokenizer.tokens(text, type, true);

        assertThat(ids(tokens)).isEqualTo(tokenizer.encode(text, type));
        assertThat(tokens.get(0)).isEqualTo(new Token(2, "[CLS]", true, -1, -1));
        assertThat(tokens.get(tokens.size() - 1)).isEqualTo(new Token(3, "[SEP]", true, -1, -1));
        List<Token> content = tokens.subList(1, tokens.size() - 1);
        assertThat(content)
            .allSatisfy(
                token ->
                    assertThat(token.text())
                        .isNotEmpty()
                        .isEqualTo(input.substring(token.start(), token.end())));
        assertThat(content).extracting(Token::text).contains("\uD83D\uDE00\uD83D\uDE00", "é");
        assertThat(tokenizer.tokens(text, type, false)).isEqualTo(content);
      }
    }
  }

  @Test
  void aLongTextHasAllItsTokens() {
    String text = "the ".repeat(1000);
    try (TextTokenizer tokenizer = TextTokenizer.open(folder.open())) {
      assertThat(tokenizer.tokens(text, InputType.PASSAGE, true))
          .hasSize(tokenizer.countTokens(text, InputType.PASSAGE));
      assertThat(tokenizer.tokens("", InputType.PASSAGE, false)).isEmpty();
    }
  }

  @Test
  void piecesOfAWordArePutTogether() {
    try (TextTokenizer tokenizer = TextTokenizer.open(folder.open())) {
      int[] ids = tokenizer.encode("The fox, x7y", InputType.PASSAGE);

      assertThat(tokenizer.decode(ids, true)).isEqualTo("the fox, x7y");
      assertThat(tokenizer.decode(ids, false)).isEqualTo("[CLS] the fox, x7y [SEP]");
      assertThat(tokenizer.decode(new int[0], true)).isEmpty();
    }
  }

  @Test
  void withoutADecoderTokensAreSetApart() {
    folder.remove("tokenizer.json", "decoder");
    try (TextTokenizer tokenizer = TextTokenizer.open(folder.open())) {
      assertThat(tokenizer.decode(tokenizer.encode("the fox,", InputType.PASSAGE), true))
          .isEqualTo("the fox ,");
    }
  }

  @Test
  void idsOfNoVocabularyAreRefused() {
    try (TextTokenizer tokenizer = TextTokenizer.open(folder.open())) {
      for (int id : new int[] {-1, ModelFolder.VOCABULARY, Integer.MAX_VALUE}) {
        assertThatIllegalArgumentException()
            .isThrownBy(() -> tokenizer.decode(new int[] {5, id}, true))
            .withMessageContainingAll("Token id " + id + " at 1", "below 104");
      }
    }
  }

  @Test
  void afterCloseBothAreRefused() {
    TextTokenizer tokenizer = TextTokenizer.open(folder.open());
    tokenizer.close();
    assertThatIllegalStateException()
        .isThrownBy(() -> tokenizer.tokens("a", InputType.PASSAGE, true));
    assertThatIllegalStateException().isThrownBy(() -> tokenizer.decode(new int[] {1}, true));
  }
}
