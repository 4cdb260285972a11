package io.github.neuronembed.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.Reranker;
import io.github.neuronembed.SmallModel;
import io.github.neuronembed.tokenizer.PairTokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CrossEncoderDirectoryTest {

  private static final String SIGMOID = "\"torch.nn.modules.activation.Sigmoid\"";
  private static final String IDENTITY = "\"torch.nn.modules.linear.Identity\"";
  private static final String TANH = "\"torch.nn.modules.activation.Tanh\"";
  private static final String OLD_KEY = "sbert_ce_default_activation_function";
  private static final String SENTENCES = "config_sentence_transformers.json";

  @TempDir private Path temp;
  private ModelFolder folder;

  @BeforeEach
  void writeFolder() {
    folder = ModelFolder.of(SmallModel.BERT_RERANKER.writeTo(temp));
    folder.remove("config.json", OLD_KEY);
  }

  private boolean sigmoid() {
    return CrossEncoderDirectory.open(temp).sigmoid();
  }

  @Test
  void theActivationIsWhereTheReleaseThatWroteItPutsIt() {
    assertThat(sigmoid()).as("stated nowhere").isTrue();
    folder.set("config.json", OLD_KEY, IDENTITY);
    assertThat(sigmoid()).as("release 3").isFalse();
    folder.set("config.json", "sentence_transformers", "{\"activation_fn\": " + SIGMOID + "}");
    assertThat(sigmoid()).as("release 4").isTrue();
    folder.write(SENTENCES, "{\"activation_fn\": " + IDENTITY + "}");
    assertThat(sigmoid()).as("release 5.4").isFalse();
    folder.write(SENTENCES, "{\"activation_fn\": null}");
    assertThat(sigmoid()).as("release 5.4 says nothing").isTrue();
  }

  @Test
  void anotherActivationIsRefused() {
    folder.set("config.json", OLD_KEY, TANH);
    refused("Sigmoid or Identity");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "id2label      | {\"0\": \"a\", \"1\": \"b\"} | 2 classes",
        "id2label      | null                          | 2 classes",
        "architectures | [\"BertModel\"]               | a cross-encoder's",
        "architectures | null                          | architectures"
      })
  void aModelThatIsNoRerankerIsRefused(String key, String value, String message) {
    folder.set("config.json", key, value);
    refused(message);
  }

  @Test
  void promptsAreRefused() {
    folder.write(SENTENCES, "{\"prompts\": {\"q\": \"query: \"}, \"default_prompt_name\": \"q\"}");
    refused("prompts before pairs");
  }

  @Test
  void isDistinguishedFromAnEncoder() throws Exception {
    assertThat(CrossEncoderDirectory.isIn(temp)).isTrue();
    Path encoder = Files.createDirectory(temp.resolve("encoder"));
    assertThat(CrossEncoderDirectory.isIn(SmallModel.ROBERTA.writeTo(encoder))).isFalse();
    assertThat(CrossEncoderDirectory.isIn(temp.resolve("nothing"))).isFalse();
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> ModelDirectory.open(temp))
        .withMessageContaining("neuron-embed rerank");
  }

  @Test
  void aTokenizerWithoutAPairTemplateIsRefused() {
    for (String pair : new String[] {"[]", "null"}) {
      JsonObject json = JsonParser.parseString(folder.read("tokenizer.json")).getAsJsonObject();
      json.getAsJsonObject("post_processor").add("pair", JsonParser.parseString(pair));
      folder.write("tokenizer.json", json.toString());
      assertThatExceptionOfType(ModelLoadException.class)
          .isThrownBy(() -> PairTokenizer.open(CrossEncoderDirectory.open(temp)).close())
          .withMessageContaining("no template for a pair");
    }
  }

  @Test
  void tokenTypesInAnotherOrderAreRefused() {
    String before = folder.read("tokenizer.json");
    folder.write(
        "tokenizer.json",
        before.replace(
            "{\"Sequence\":{\"id\":\"B\",\"type_id\":1}}",
            "{\"Sequence\":{\"id\":\"B\",\"type_id\":0}}"));
    assertThat(folder.read("tokenizer.json")).isNotEqualTo(before);
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> PairTokenizer.open(CrossEncoderDirectory.open(temp)).close())
        .withMessageContaining("token types of a pair");
  }

  @Test
  void aFileWithoutTheHeadIsRefused() throws Exception {
    Path encoder = SmallModel.DISTILBERT.writeTo(Files.createDirectory(temp.resolve("encoder")));
    folder.write("onnx/model.onnx", Files.readAllBytes(encoder.resolve("onnx/model.onnx")));
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(
            () -> Reranker.builder().model(CrossEncoderDirectory.open(temp)).build().close())
        .withMessageContaining("text-classification");
  }

  private void refused(String part) {
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> CrossEncoderDirectory.open(temp))
        .withMessageContaining(part);
  }
}
