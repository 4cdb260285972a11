package io.github.neuronembed.cli.verify;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.NeedsNativeCore;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.neuron.EmulatedModels;
import io.github.neuronembed.cli.ExitCode;
import io.github.neuronembed.cli.Streams;
import io.github.neuronembed.cli.UsageException;
import io.github.neuronembed.cli.models.ModelArgument;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.ModelFolder;
import io.github.neuronembed.model.ModelOverrides;
import io.github.neuronembed.model.graph.BertShape;
import io.github.neuronembed.model.graph.RandomBertModel;
import io.github.neuronembed.model.graph.TinyGraphs;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.RandomAccessFile;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.commons.cli.DefaultParser;
import org.apache.commons.cli.ParseException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Copies of the real bge-small-en-v1.5, each with something wrong. */
class VerifyCommandTest {

  private static final List<Shape> SHAPES =
      List.of(new Shape(4, 32), new Shape(1, 128), new Shape(1, 512));
  private static final EmulatedModels PACKER = EmulatedModels.DEFAULT;

  /** For what says nothing of vectors but how they are pooled. */
  private static final BertShape SMALL = new BertShape(2, 32, 4, 64, 30522, 512);

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private @TempDir Path folder;

  private int verify(String... arguments) throws IOException {
    out.reset();
    VerifyCommand command = new VerifyCommand();
    try {
      return command.run(
          new DefaultParser().parse(command.options(), arguments),
          new Streams(
              InputStream.nullInputStream(),
              out,
              new PrintStream(new ByteArrayOutputStream(), true, UTF_8),
              false));
    } catch (ParseException e) {
      throw new AssertionError(e);
    }
  }

  private void fails(String... arguments) throws IOException {
    assertThat(verify(arguments)).isEqualTo(ExitCode.FAILED);
    assertThat(report()).endsWith("FAIL\n");
  }

  private String report() {
    return out.toString(UTF_8);
  }

  private List<String> causes() {
    return report().lines().filter(line -> line.startsWith("cause: ")).toList();
  }

  /** The lines of failed texts. */
  private List<String> failed() {
    return report().lines().filter(line -> line.startsWith("  ")).toList();
  }

  /** A copy whose large files are links where the file system allows it. */
  private Path copy(String name) throws IOException {
    Path original = ModelArgument.resolve("bge-small-en-v1.5").folder();
    Path copy = folder.resolve(name);
    try (Stream<Path> files = Files.walk(original)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Path target = copy.resolve(original.relativize(file).toString());
        Files.createDirectories(Objects.requireNonNull(target.getParent()));
        if (file.toString().endsWith(".onnx")) {
          link(target, file);
        } else {
          Files.copy(file, target);
        }
      }
    }
    return copy;
  }

  private static void link(Path target, Path file) throws IOException {
    try {
      Files.createLink(target, file);
    } catch (FileSystemException | UnsupportedOperationException e) {
      Files.copy(file, target);
    }
  }

  private Path copy() throws IOException {
    return copy("bge-small-en-v1.5");
  }

  private static void edit(Path file, Consumer<JsonObject> change) throws IOException {
    JsonObject json = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
    change.accept(json);
    Files.writeString(file, json.toString());
  }

  private static void meanPooling(Path model) throws IOException {
    edit(
        model.resolve("1_Pooling/config.json"),
        pooling -> {
          pooling.addProperty("pooling_mode_cls_token", false);
          pooling.addProperty("pooling_mode_mean_tokens", true);
        });
  }

  private static void pack(EmulatedModels packer, Path model) throws IOException {
    packer.pack(ModelDirectory.open(model), SHAPES, model.resolve("neuron"));
  }

  @Test
  void theModelAtHandIsRight() throws Exception {
    assertThat(verify()).isEqualTo(ExitCode.DONE);
    assertThat(report())
        .contains("67 golden vectors", "cosine 0.99999 (")
        .containsPattern("least (0\\.99999|1\\.0)")
        .contains(", as the model is not compiled for NeuronCores")
        .doesNotContain("requested")
        .endsWith("PASS\n");
    assertThat(failed()).isEmpty();
  }

  @Test
  void theGraphAsItIsCanBeVerified() throws Exception {
    assertThat(verify("--original-graph")).isEqualTo(ExitCode.DONE);
    assertThat(report()).doesNotContain("rewritten for speed");
  }

  @Test
  void int8PassesItsLooserThresholdOnly() throws Exception {
    assertThat(verify("--backend", "onnx", "--precision", "int8")).isEqualTo(ExitCode.DONE);
    assertThat(report()).contains("cosine 0.95 (int8)");
    fails("--backend", "onnx", "--precision", "int8", "--threshold", "0.9999");
    assertThat(causes()).singleElement().asString().contains("int8 graph");
  }

  @Test
  void meanPoolingIsRecognised() throws Exception {
    Path model = copy();
    meanPooling(model);

    fails("--model", model.toString());

    assertThat(failed()).hasSizeGreaterThan(50).allMatch(line -> line.contains("cosine 0."));
    assertThat(causes())
        .singleElement()
        .asString()
        .contains("agree with mean pooling", "1_Pooling/config.json", "with cls pooling");
  }

  @Test
  void aMissingPrefixFailsQueriesAlone() throws Exception {
    Path model = copy();
    edit(
        model.resolve("config_sentence_transformers.json"),
        config -> config.getAsJsonObject("prompts").addProperty("query", ""));

    fails("--model", model.toString());

    assertThat(failed())
        .isNotEmpty()
        .allMatch(line -> line.contains(" query ") && line.contains(" tokens, golden "));
    assertThat(causes())
        .singleElement()
        .asString()
        .contains("Only queries fail: the query prefix is missing", "Represent this sentence");
  }

  @Test
  void otherPrefixesAndLimitsAreReported() throws Exception {
    Path model = copy();
    Files.writeString(
        model.resolve(ModelOverrides.FILE),
        "{\"queryPrefix\": \"query: \", \"passagePrefix\": \"passage: \", \"maxTokens\": 128}");

    fails("--model", model.toString(), "--precision", "int8");

    assertThat(causes()).hasSize(3);
    assertThat(causes().get(0)).contains("Queries fail", "puts \"query: \" before a query");
    assertThat(causes().get(1)).contains("\"passage: \" before a passage");
    assertThat(causes().get(2)).contains("128 tokens", "512");
  }

  @Test
  void aTokenizerThatKeepsCapitalsIsAnotherOne() throws Exception {
    Path model = copy();
    edit(
        model.resolve("tokenizer.json"),
        tokenizer -> tokenizer.getAsJsonObject("normalizer").addProperty("lowercase", false));
    edit(
        model.resolve("tokenizer_config.json"),
        config -> config.addProperty("do_lower_case", false));

    // Another tokenizer is another encoder, which would be prepared.
    fails("--model", model.toString(), "--original-graph");

    assertThat(failed()).anyMatch(line -> line.contains(" tokens, golden "));
    assertThat(causes()).singleElement().asString().contains("tokenizer differs", "tokenizer.json");
  }

  @Test
  void aTokenizerWithAnotherVocabularyIsAnotherOne() throws Exception {
    Path model = copy();
    edit(
        model.resolve("tokenizer.json"),
        tokenizer -> {
          JsonObject vocabulary = tokenizer.getAsJsonObject("model").getAsJsonObject("vocab");
          JsonElement the = vocabulary.get("the");
          vocabulary.add("the", vocabulary.get("password"));
          vocabulary.add("password", the);
        });

    // Another tokenizer is another encoder, which would be prepared.
    fails("--model", model.toString(), "--original-graph");

    // As many tokens, but others.
    assertThat(failed()).anyMatch(line -> line.contains("other token ids"));
    assertThat(causes()).singleElement().asString().contains("tokenizer differs");
  }

  @Test
  void vectorsWithoutNormalisationAreReported() throws Exception {
    Path model = copy();
    Path modules = model.resolve("modules.json");
    JsonArray list = JsonParser.parseString(Files.readString(modules)).getAsJsonArray();
    list.remove(2);
    Files.writeString(modules, list.toString());

    fails("--model", model.toString(), "--precision", "int8");

    assertThat(failed()).hasSize(67).allMatch(line -> line.contains("length"));
    assertThat(causes()).singleElement().asString().contains("not normalised", "Normalize");
  }

  @Test
  void aTruncatedWeightFileIsNamed() throws Exception {
    Path model = copy();
    Path graph = ownGraph(model);
    try (RandomAccessFile file = new RandomAccessFile(graph.toFile(), "rw")) {
      file.setLength(file.length() / 2);
    }

    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> verify("--model", model.toString()))
        .withMessageContaining("model.onnx");
  }

  @Test
  void changedWeightsAreReported() throws Exception {
    Path model = copy();
    try (RandomAccessFile file = new RandomAccessFile(ownGraph(model).toFile(), "rw")) {
      // In the middle of the file are the encoder's matrices.
      file.seek(file.length() / 2);
      file.write(new byte[200_000]);
    }

    fails("--model", model.toString(), "--original-graph");

    // Nothing was compiled, so nothing is said of compiled models.
    assertThat(causes())
        .singleElement()
        .asString()
        .contains("weights", "model.onnx", "last_hidden_state", "it is not known")
        .doesNotContain("compiled");
  }

  /** A whole file of the right sizes that is another model's, as it is rewritten. */
  @Test
  void aWholeGraphOfOtherWeightsIsReported() throws Exception {
    Path model = copy();
    Path graph = model.resolve("onnx/model.onnx");
    Files.delete(graph);
    RandomBertModel.write(graph, new BertShape(1, 384, 12, 8, 30522, 512), 1);

    fails("--model", model.toString(), "--backend", "onnx");

    assertThat(failed()).hasSizeGreaterThan(60);
    assertThat(causes())
        .singleElement()
        .asString()
        .contains("weights", "model.onnx", "last_hidden_state", "it is not known")
        .doesNotContain("compiled");
  }

  @Test
  void aGraphWithoutEmbeddingsIsRefusedForWhatItGives() throws Exception {
    ModelFolder model = ModelFolder.complete(folder.resolve("tiny"));
    model.write(
        "onnx/model.onnx",
        new TinyGraphs(folder).of(List.of(TinyGraphs.Output.POOLER_OUTPUT), true, true));

    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> verify("--model", model.path().toString(), "--precision", "int8"))
        .withMessageContainingAll("model.onnx", "pooler_output, the tanh layer")
        .withMessageNotContaining("compiled");
  }

  /** A copy in place of the link. */
  private static Path ownGraph(Path model) throws IOException {
    Path graph = model.resolve("onnx/model.onnx");
    Path own = Files.copy(graph, graph.resolveSibling("own.onnx"));
    return Files.move(own, graph, StandardCopyOption.REPLACE_EXISTING);
  }

  @Test
  @NeedsNativeCore
  void compiledModelsAreVerifiedOnTheEmulator() throws Exception {
    Path model = copy();
    pack(new EmulatedModels(true, true, false, true), model);

    assertThat(verify("--model", model.toString(), "--backend", "emulator"))
        .isEqualTo(ExitCode.DONE);
    assertThat(report()).contains("(emulated)", "cosine 0.999 (bf16)");

    fails("--model", model.toString(), "--backend", "emulator", "--threshold", "0.999999");
    assertThat(causes()).singleElement().asString().contains("bfloat16", "--threshold 0.999");
  }

  @Test
  @NeedsNativeCore
  void aCompiledModelOfOtherWeightsIsReported() throws Exception {
    Path model = copy();
    pack(EmulatedModels.HASHED, model);

    fails("--model", model.toString(), "--backend", "emulator");

    assertThat(causes()).singleElement().asString().contains("compiled models", "other weights");
  }

  @Test
  @NeedsNativeCore
  void aCompiledModelOfAnotherDimensionIsReported() throws Exception {
    Path model = copy();
    edit(model.resolve("config.json"), config -> config.addProperty("hidden_size", 128));
    edit(
        model.resolve("1_Pooling/config.json"),
        config -> config.addProperty("word_embedding_dimension", 128));
    pack(EmulatedModels.HASHED, model);

    fails("--model", model.toString(), "--backend", "emulator");

    assertThat(report()).contains("have 128 elements, the golden ones have 384");
  }

  @Test
  @NeedsNativeCore
  void aCompiledModelOfAnotherShapeThanItsManifestIsNamed() throws Exception {
    Path model = copy();
    pack(PACKER, model);
    edit(
        model.resolve("neuron/manifest.json"),
        manifest ->
            manifest
                .getAsJsonArray("models")
                .get(0)
                .getAsJsonObject()
                .addProperty("sequenceLength", 64));

    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> verify("--model", model.toString(), "--backend", "emulator"))
        .withMessageContaining("4x32.neff")
        .withMessageContaining("do not belong together");
  }

  @Test
  void withoutGoldenVectorsTheReferenceIsOnnxRuntime() throws Exception {
    Path model = copy("another");
    assertThat(verify("--model", model.toString(), "--precision", "int8")).isEqualTo(ExitCode.DONE);
    assertThat(report()).contains("fp32 on ONNX Runtime", "no golden vectors ship");

    assertThat(verify("--model", model.toString(), "--backend", "onnx")).isEqualTo(ExitCode.FAILED);
    assertThat(report()).contains("with itself", "--golden bge-small-en-v1.5");

    assertThat(verify("--model", model.toString(), "--golden", "bge-small-en-v1.5"))
        .isEqualTo(ExitCode.DONE);
  }

  @Test
  @NeedsNativeCore
  void aCompiledModelThatPoolsOtherwiseIsReported() throws Exception {
    Path model = copy("another");
    edit(
        model.resolve("config.json"),
        config -> config.addProperty("hidden_size", SMALL.hiddenSize()));
    edit(
        model.resolve("1_Pooling/config.json"),
        pooling -> pooling.addProperty("word_embedding_dimension", SMALL.hiddenSize()));
    Files.delete(model.resolve("onnx/model.onnx"));
    RandomBertModel.write(model.resolve("onnx/model.onnx"), SMALL, 1);
    pack(PACKER, model);
    meanPooling(model);

    fails("--model", model.toString(), "--backend", "emulator");

    assertThat(causes())
        .singleElement()
        .asString()
        .contains("agree with cls pooling, but the directory states mean");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "1.1", "NaN", "close"})
  void aThresholdIsACosine(String threshold) {
    assertThatExceptionOfType(UsageException.class)
        .isThrownBy(() -> verify("--threshold", threshold))
        .withMessageContaining(threshold);
  }

  @Test
  void goldenVectorsThatDoNotExistAreAUsageError() {
    assertThatExceptionOfType(UsageException.class)
        .isThrownBy(() -> verify("--golden", "bge-none"));
  }
}
