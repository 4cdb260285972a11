package io.github.neuronembed.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import io.github.neuronembed.InputType;
import io.github.neuronembed.ModelLoadException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelDirectoryTest {

  private static final List<String> CONFIG_FILES =
      List.of(
          "config.json",
          "modules.json",
          "1_Pooling/config.json",
          "sentence_bert_config.json",
          "config_sentence_transformers.json",
          "tokenizer_config.json");

  @TempDir Path temp;
  private ModelFolder folder;

  @BeforeEach
  void writeFolder() {
    folder = ModelFolder.complete(temp.resolve("tiny-model"));
  }

  @Test
  void readsWhatTheFilesSay() {
    ModelDirectory model = folder.open();

    assertThat(model.folder()).isEqualTo(folder.path());
    assertThat(model.name()).isEqualTo("tiny-model");
    assertThat(model.modelType()).isEqualTo("bert");
    assertThat(model.hiddenSize()).isEqualTo(8);
    assertThat(model.hiddenLayers()).isEqualTo(2);
    assertThat(model.vocabularySize()).isEqualTo(ModelFolder.VOCABULARY);
    assertThat(model.padTokenId()).isZero();
    assertThat(model.maxTokens()).isEqualTo(32);
    assertThat(model.pooling()).isEqualTo(Pooling.of(PoolingStrategy.CLS));
    assertThat(model.normalize()).isTrue();
    assertThat(model.prefix(InputType.QUERY)).isEqualTo("query: ");
    assertThat(model.prefix(InputType.PASSAGE)).isEmpty();
    assertThat(model.tokenizerFile()).isEqualTo(folder.path("tokenizer.json"));
    assertThat(model.neuronManifestFile()).isEqualTo(folder.path("neuron/manifest.json"));
  }

  @Test
  void meanPoolingWithoutNormalisation() {
    folder.set("1_Pooling/config.json", "pooling_mode_cls_token", "false");
    folder.set("1_Pooling/config.json", "pooling_mode_mean_tokens", "true");
    folder.write(
        "modules.json",
        """
        [{"path": "", "type": "sentence_transformers.models.Transformer"},
         {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]
        """);

    ModelDirectory model = folder.open();

    assertThat(model.pooling()).isEqualTo(Pooling.of(PoolingStrategy.MEAN));
    assertThat(model.normalize()).isFalse();
  }

  @Test
  void pathsOfModulesAreHonoured() {
    for (String file : List.of("config.json", "tokenizer.json", "sentence_bert_config.json")) {
      folder.write("0_Transformer/" + file, folder.read(file)).delete(file);
    }
    folder.write("pool/config.json", folder.read("1_Pooling/config.json"));
    folder.delete("1_Pooling/config.json");
    folder.write(
        "modules.json",
        folder
            .read("modules.json")
            .replace("\"path\": \"\"", "\"path\": \"0_Transformer\"")
            .replace("1_Pooling", "pool"));

    ModelDirectory model = folder.open();

    assertThat(model.pooling()).isEqualTo(Pooling.of(PoolingStrategy.CLS));
    assertThat(model.maxTokens()).isEqualTo(32);
    assertThat(model.tokenizerFile()).isEqualTo(folder.path("0_Transformer/tokenizer.json"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"../elsewhere", "/etc", "\\u0000"})
  void aModulesPathMustStayInside(String path) {
    folder.write("modules.json", folder.read("modules.json").replace("1_Pooling", path));
    refused("modules.json", "a path inside the model directory");
  }

  @Test
  void overridesAreTakenForWhatTheDirectorySays() {
    ModelOverrides overrides =
        ModelOverrides.NONE
            .withName("mine")
            .withPooling(PoolingStrategy.MEAN)
            .withNormalize(false)
            .withQueryPrefix("q ")
            .withPassagePrefix("p ")
            .withMaxTokens(16);

    ModelDirectory model = ModelDirectory.open(folder.path(), overrides);

    assertThat(model.name()).isEqualTo("mine");
    assertThat(model.pooling()).isEqualTo(Pooling.of(PoolingStrategy.MEAN));
    assertThat(model.normalize()).isFalse();
    assertThat(model.prefix(InputType.QUERY)).isEqualTo("q ");
    assertThat(model.prefix(InputType.PASSAGE)).isEqualTo("p ");
    assertThat(model.maxTokens()).isEqualTo(16);
  }

  @Test
  void overridesCanStandInTheDirectory() {
    folder.delete("modules.json").delete("config_sentence_transformers.json");
    folder.write(
        ModelOverrides.FILE,
        """
        {"pooling": "mean", "normalize": false, "queryPrefix": "q ", "maxTokens": 16, "name": "n"}
        """);

    ModelDirectory model = folder.open();
    assertThat(model.pooling()).isEqualTo(Pooling.of(PoolingStrategy.MEAN));
    assertThat(model.normalize()).isFalse();
    assertThat(model.prefix(InputType.QUERY)).isEqualTo("q ");
    assertThat(model.prefix(InputType.PASSAGE)).isEmpty();
    assertThat(model.maxTokens()).isEqualTo(16);
    assertThat(model.name()).isEqualTo("n");

    ModelDirectory overridden =
        ModelDirectory.open(
            folder.path(), ModelOverrides.NONE.withQueryPrefix("").withPassagePrefix("p "));
    assertThat(overridden.prefix(InputType.QUERY)).isEmpty();
    assertThat(overridden.prefix(InputType.PASSAGE)).isEqualTo("p ");
    assertThat(overridden.maxTokens()).isEqualTo(16);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"queryprefix\": \"q\"} | \"queryprefix\"",
        "{\"pooling\": \"first\"} | one of \"cls\", \"max\"",
        "{\"pooling\": []}       | or a list",
        "{\"maxTokens\": 0}       | above zero",
        "{\"name\": \" \"}        | a name",
        "[]                       | an object",
      })
  void overridesInTheDirectoryAreChecked(String json, String reason) {
    folder.write(ModelOverrides.FILE, json);
    refused(ModelOverrides.FILE, reason);
  }

  @Test
  void withoutModulesBothPoolingAndNormalisationAreRequired() {
    folder.delete("modules.json");
    refused("modules.json", "is missing", "withPooling", "withNormalize");
    ModelOverrides half = ModelOverrides.NONE.withPooling(PoolingStrategy.CLS);
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> ModelDirectory.open(folder.path(), half))
        .withMessageContaining("modules.json");

    ModelDirectory model = ModelDirectory.open(folder.path(), half.withNormalize(true));

    assertThat(model.pooling()).isEqualTo(Pooling.of(PoolingStrategy.CLS));
    assertThat(model.normalize()).isTrue();
  }

  @Test
  void modulesThatAreNotComputedAreRefused() {
    folder.write(
        "modules.json", folder.read("modules.json").replace("models.Normalize", "models.Dense"));
    refused("modules.json", "\"[2].type\"", "models.Dense", "Transformer, Pooling or Normalize");
  }

  @Test
  void modulesInAnotherOrderAreRefused() {
    folder.write(
        "modules.json",
        """
        [{"path": "", "type": "sentence_transformers.models.Transformer"},
         {"path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
         {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]
        """);
    refused("modules.json", "[Transformer, Normalize, Pooling]");
  }

  @Test
  void aLoneTransformerNeedsAStatedPooling() {
    folder.write(
        "modules.json",
        "[{\"path\": \"\", \"type\": \"sentence_transformers.models.Transformer\"}]");
    refused("modules.json", "[Transformer]");

    ModelDirectory model =
        ModelDirectory.open(folder.path(), ModelOverrides.NONE.withPooling(PoolingStrategy.MEAN));

    assertThat(model.pooling()).isEqualTo(Pooling.of(PoolingStrategy.MEAN));
    assertThat(model.normalize()).isFalse();
  }

  /** As sentence-transformers 5.4 and later write it, or before. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'embedding_dimension': 8, 'pooling_mode': 'cls', 'include_prompt': true} | cls",
        "{'embedding_dimension': 8, 'pooling_mode': 'mean'} | mean",
        "{'embedding_dimension': 8, 'pooling_mode': ['max', 'cls', 'max']} | max+cls+max",
        "{'pooling_mode': ['lasttoken']} | lasttoken",
        "{'pooling_mode': 'weightedmean'} | weightedmean",
        "{'pooling_mode': 'mean_sqrt_len_tokens'} | mean_sqrt_len_tokens",
        "{'pooling_mode': 'max', 'pooling_mode_cls_token': true} | max",
        "{'word_embedding_dimension': 8, 'pooling_mode_lasttoken': true} | lasttoken",
        "{'pooling_mode_weightedmean_tokens': true, 'pooling_mode_max_tokens': true,"
            + " 'pooling_mode_mean_sqrt_len_tokens': true, 'pooling_mode_mean_tokens': true,"
            + " 'pooling_mode_cls_token': true}"
            + " | cls+max+mean+mean_sqrt_len_tokens+weightedmean",
      },
      quoteCharacter = '"')
  void poolingIsStatedUnderOldAndNewKeys(String json, String pooling) {
    folder.write("1_Pooling/config.json", json.replace('\'', '"'));

    ModelDirectory model = folder.open();

    assertThat(model.pooling()).hasToString(pooling);
    assertThat(model.dimension()).isEqualTo(8 * pooling.split("\\+", -1).length);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{} | states no pooling mode",
        "{'pooling_mode_cls_token': false} | states no pooling mode",
        "{'pooling_mode': []} | or a list",
        "{'pooling_mode': 'first'} | one of \"cls\"",
        "{'pooling_mode': ['mean', 3]} | a string",
        "{'pooling_mode_first_token': true} | pooling_mode_first_token",
        "{'pooling_mode': 'cls', 'embedding_dimension': 384} | embedding_dimension",
        "{'pooling_mode': 'cls', 'word_embedding_dimension': 384} | 8, the length of",
        "{'pooling_mode': 'cls', 'include_prompt': 1} | true or false",
        "{'pooling_mode': 'mean', 'include_prompt': false} | include_prompt",
        "{'pooling_mode_mean_tokens': true, 'include_prompt': false} | without prefixes",
      },
      quoteCharacter = '#')
  void aPoolingThatIsNotStatedOrNotKnownIsRefused(String json, String reason) {
    folder.write("1_Pooling/config.json", json.replace('\'', '"'));
    refused("1_Pooling/config.json", reason);
  }

  @Test
  void withoutPrefixesThereIsNoneToLeaveOut() {
    folder.set("config_sentence_transformers.json", "prompts", "{\"query\": \"\"}");
    folder.write(
        "1_Pooling/config.json", "{\"pooling_mode\": \"mean\", \"include_prompt\": false}");
    assertThat(folder.open().pooling()).isEqualTo(Pooling.of(PoolingStrategy.MEAN));
  }

  @Test
  void modulesOfNewerReleasesAreTheSame() {
    folder.write(
        "modules.json",
        """
        [{"path": "", "type": "sentence_transformers.base.modules.transformer.Transformer"},
         {"path": "1_Pooling",
          "type": "sentence_transformers.sentence_transformer.modules.pooling.Pooling"},
         {"path": "2_Normalize", "type": "sentence_transformers.base.modules.normalize.Normalize"}]
        """);
    assertThat(folder.open().normalize()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "sentence_transformers.sparse_encoder.modules.SpladePooling, a sparse encoder",
    "sentence_transformers.cross_encoder.modules.LogitScore, a cross-encoder",
    "sentence_transformers.multi_vector_encoder.modules.MultiVectorMask, late-interaction"
  })
  void modulesOfOtherKindsOfModelsSayWhatTheyAreFor(String type, String purpose) {
    folder.write(
        "modules.json",
        folder.read("modules.json").replace("sentence_transformers.models.Pooling", type));
    refused("modules.json", purpose);
  }

  @Test
  void aClassifierWithoutModulesSaysWhatItIsFor() {
    folder.delete("modules.json");
    folder.set("config.json", "architectures", "[\"BertForSequenceClassification\"]");
    refused("config.json", "a cross-encoder", "logits");
  }

  @ParameterizedTest
  @CsvSource({"nomic_bert, n_embd", "modernbert_with_other_names, d_model"})
  void anArchitectureThatNamesItsSizesOtherwiseIsRefusedByName(String type, String size) {
    folder.remove("config.json", "hidden_size");
    folder.set("config.json", size, "8");
    folder.set("config.json", "model_type", '"' + type + '"');
    refused("config.json", '"' + type + '"', "not supported", "bert");
  }

  @Test
  void distilBertNamesItsSizesOtherwise() {
    folder.remove("config.json", "hidden_size").remove("config.json", "num_hidden_layers");
    folder.set("config.json", "model_type", "\"distilbert\"");
    refused("config.json", "does not state \"dim\"");
    folder.set("config.json", "dim", "8").set("config.json", "n_layers", "2");

    ModelDirectory model = folder.open();

    assertThat(model.hiddenSize()).isEqualTo(8);
    assertThat(model.hiddenLayers()).isEqualTo(2);
  }

  @Test
  void promptsMustBeStatedOrOverridden() {
    folder.set("config_sentence_transformers.json", "prompts", "{}");
    refused("config_sentence_transformers.json", "\"query\"", "withQueryPrefix");
    folder.remove("config_sentence_transformers.json", "prompts");
    refused("config_sentence_transformers.json", "\"query\"", "withQueryPrefix");
    folder.delete("config_sentence_transformers.json");
    refused("config_sentence_transformers.json", "is missing", "withQueryPrefix");

    ModelDirectory model =
        ModelDirectory.open(folder.path(), ModelOverrides.NONE.withQueryPrefix(""));

    assertThat(model.prefix(InputType.QUERY)).isEmpty();
    assertThat(model.prefix(InputType.PASSAGE)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'prompts': {'query': 'q: '}} | q: . | .",
        "{'prompts': {'query': 'q: ', 'passage': 'p: '}} | q: . | p: .",
        "{'prompts': {'query': 'q: ', 'corpus': 'c: '}} | q: . | c: .",
        "{'prompts': {'query': 'q: ', 'document': 'd: ', 'passage': 'p: '}} | q: . | d: .",
        "{'prompts': {'any': 'a: '}, 'default_prompt_name': 'any'} | a: . | a: .",
        "{'prompts': {'query': 'q: ', 'any': 'a: '}, 'default_prompt_name': 'any'} | q: . | a: ."
      },
      quoteCharacter = '"')
  void promptsAreNamedAsSentenceTransformersNamesThem(String json, String query, String passage) {
    folder.write("config_sentence_transformers.json", json.replace('\'', '"'));

    ModelDirectory model = folder.open();

    assertThat(model.prefix(InputType.QUERY) + ".").isEqualTo(query);
    assertThat(model.prefix(InputType.PASSAGE) + ".").isEqualTo(passage);
  }

  @Test
  void theSmallestStatedLimitCounts() {
    folder.set("sentence_bert_config.json", "max_seq_length", "100");
    assertThat(folder.open().maxTokens()).isEqualTo(64);
    folder.delete("sentence_bert_config.json");
    assertThat(folder.open().maxTokens()).isEqualTo(64);
    folder.set("tokenizer_config.json", "model_max_length", "48");
    assertThat(folder.open().maxTokens()).isEqualTo(48);
  }

  @ParameterizedTest
  @ValueSource(strings = {"roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet"})
  void theLimitMayStandInTheFileOfAnotherArchitecture(String name) {
    folder.delete("sentence_bert_config.json");
    folder.write(
        "sentence_%s_config.json".formatted(name),
        "{\"max_seq_length\": 20, \"do_lower_case\": true}");

    ModelDirectory model = folder.open();

    assertThat(model.maxTokens()).isEqualTo(20);
    assertThat(model.lowercases()).isTrue();
    folder.write("sentence_bert_config.json", "{\"max_seq_length\": 24}");
    assertThat(folder.open().maxTokens()).isEqualTo(24);
    assertThat(folder.open().lowercases()).isFalse();
    folder.write("sentence_bert_config.json", "{}");
    assertThat(folder.open().maxTokens()).isEqualTo(20);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "transformer_task | \"fill-mask\"",
        "module_output_name | \"causal_logits\"",
        "query_length | 16",
        "processing_kwargs | {\"text\": {\"max_length\": 16}}",
        "modality_config | {\"text\": {\"method_output_name\": \"pooler_output\"}}",
      },
      quoteCharacter = '#')
  void aTransformerModuleThatGivesSomethingElseIsRefused(String key, String json) {
    folder.set("sentence_bert_config.json", key, json);
    refused("sentence_bert_config.json", key);
  }

  @Test
  void positionsThatBeginAfterThePaddingAreFewer() {
    folder.delete("sentence_bert_config.json");
    folder.set("config.json", "model_type", "\"mpnet\"");
    folder.set("config.json", "pad_token_id", "1");
    assertThat(folder.open().maxTokens()).isEqualTo(62);
  }

  @Test
  void moreTokensThanPositionsAreRefused() {
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> ModelDirectory.open(folder.path(), ModelOverrides.NONE.withMaxTokens(65)))
        .withMessageContaining("config.json has 64 positions");
  }

  @Test
  void aPaddingTokenOutsideOfTheVocabularyIsRefused() {
    folder.set("config.json", "pad_token_id", String.valueOf(ModelFolder.VOCABULARY));
    refused("config.json", "pad_token_id");
  }

  @Test
  void overridesAreChecked() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ModelOverrides.NONE.withMaxTokens(0))
        .withMessageContaining("positive");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ModelOverrides.NONE.withName(" "))
        .withMessageContaining("blank");
  }

  @Test
  void shorterVectorsAreThoseThatTheModelWasTrainedFor() {
    assertThat(folder.open().matryoshka().allows(4)).isFalse();

    folder.set("config.json", "is_matryoshka", "true");
    assertThat(folder.open().matryoshka().allows(3)).isTrue();

    folder.set("config.json", "matryoshka_dimensions", "[4, 8]");
    assertThat(folder.open().matryoshka().allows(4)).isTrue();
    assertThat(folder.open().matryoshka().allows(3)).isFalse();

    folder.write(ModelOverrides.FILE, "{\"matryoshkaDimensions\": [2]}");
    assertThat(folder.open().matryoshka().allows(2)).isTrue();
    assertThat(folder.open().matryoshka().allows(4)).isFalse();
    ModelOverrides none = ModelOverrides.NONE.withMatryoshkaDimensions(List.of());
    assertThat(ModelDirectory.open(folder.path(), none).matryoshka().allows(2)).isFalse();
  }

  @Test
  void shorterVectorsThatAreLongerAreRefused() {
    folder.set("config.json", "matryoshka_dimensions", "[4, 16]");
    refused("config.json", "matryoshka_dimensions", "16");

    folder.write(ModelOverrides.FILE, "{\"matryoshkaDimensions\": [9]}");
    refused(ModelOverrides.FILE, "matryoshkaDimensions", "9");
  }

  @Test
  void whatIsNoFolderIsRefused() {
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> ModelDirectory.open(temp.resolve("nowhere")))
        .withMessageContaining("There is no model directory")
        .withMessageContaining("nowhere");
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> ModelDirectory.open(folder.path("config.json")))
        .withMessageContaining("is not a folder");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "model_type",
        "hidden_size",
        "num_hidden_layers",
        "vocab_size",
        "max_position_embeddings",
        "pad_token_id"
      })
  void whatConfigMustStateIsNamed(String key) {
    folder.remove("config.json", key);
    refused("config.json", "does not state \"" + key + "\"");
    folder.set("config.json", key, "null");
    refused("config.json", "does not state \"" + key + "\"");
    folder.set("config.json", key, "-1.5");
    refused("\"" + key + "\"", "config.json", "-1.5");
  }

  @ParameterizedTest
  @ValueSource(strings = {"config.json", "1_Pooling/config.json"})
  void aMissingFileIsNamed(String file) {
    folder.delete(file);
    refused(folder.path(file) + " is missing");
  }

  @Test
  void aFileThatIsNoJsonIsNamed() {
    byte[] whole = folder.read("config.json").getBytes(StandardCharsets.UTF_8);
    for (String file : CONFIG_FILES) {
      byte[] before = folder.read(file).getBytes(StandardCharsets.UTF_8);
      List<byte[]> broken = new ArrayList<>();
      for (int length = 0; length < before.length - 3; length += 7) {
        broken.add(Arrays.copyOf(before, length));
      }
      broken.add(new byte[] {'"', (byte) 0xC3, '"'});
      broken.add("{'model_type': 'bert'}".getBytes(StandardCharsets.UTF_8));
      broken.add(
          (new String(whole, StandardCharsets.UTF_8) + "{}").getBytes(StandardCharsets.UTF_8));
      broken.add("[".repeat(500_000).getBytes(StandardCharsets.UTF_8));
      broken.add("{\"a\":".repeat(100_000).getBytes(StandardCharsets.UTF_8));
      broken.add(new byte[3 << 20]);
      broken.add("version https://git-lfs.github.com/spec/v1".getBytes(StandardCharsets.UTF_8));
      for (byte[] content : broken) {
        folder.write(file, content);
        refused(folder.path(file).toString());
      }
      folder.write(file, before);
    }
  }

  /** Whatever type a value has, the outcome is a model or a refusal that names the file. */
  @Test
  void aValueOfAnotherTypeIsNeverAnotherException() {
    int refusals = 0;
    for (String file : CONFIG_FILES) {
      String before = folder.read(file);
      int places = count(JsonParser.parseString(before));
      for (int place = 0; place < places; place++) {
        for (String json : List.of("null", "true", "-3", "1e999", "\"x\"", "[]", "{}", "[[1]]")) {
          folder.write(
              file,
              replaced(JsonParser.parseString(before), place, JsonParser.parseString(json))
                  .toString());
          try {
            folder.open();
          } catch (ModelLoadException e) {
            refusals++;
            assertThat(e).hasMessageContaining(folder.path().toString());
          }
        }
      }
      folder.write(file, before);
    }
    assertThat(refusals).isGreaterThan(100);
  }

  private static int count(JsonElement element) {
    int count = 1;
    for (JsonElement child : children(element)) {
      count += count(child);
    }
    return count;
  }

  private static List<JsonElement> children(JsonElement element) {
    if (element instanceof JsonArray array) {
      return array.asList();
    }
    return element instanceof JsonObject object
        ? new ArrayList<>(object.asMap().values())
        : List.of();
  }

  /** A copy with the value at a place, counted depth first, replaced. */
  private static JsonElement replaced(JsonElement element, int place, JsonElement by) {
    if (place == 0) {
      return by;
    }
    int next = 1;
    if (element instanceof JsonArray array) {
      JsonArray copy = new JsonArray();
      for (JsonElement child : array) {
        copy.add(within(child, place - next) ? replaced(child, place - next, by) : child);
        next += count(child);
      }
      return copy;
    }
    if (element instanceof JsonObject object) {
      JsonObject copy = new JsonObject();
      for (var member : object.entrySet()) {
        JsonElement child = member.getValue();
        copy.add(
            member.getKey(),
            within(child, place - next) ? replaced(child, place - next, by) : child);
        next += count(child);
      }
      return copy;
    }
    return element instanceof JsonPrimitive ? element : JsonNull.INSTANCE;
  }

  private static boolean within(JsonElement element, int place) {
    return place >= 0 && place < count(element);
  }

  private void refused(String... parts) {
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(folder::open)
        .satisfies(e -> assertThat(e.getMessage()).contains(parts));
  }
}
