package io.github.neuronembed.cli.pull;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.neuronembed.InputType;
import io.github.neuronembed.cli.Streams;
import io.github.neuronembed.cli.UsageException;
import io.github.neuronembed.cli.pull.StandInHub.Fault.Kind;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.ModelFolder;
import io.github.neuronembed.model.ModelOverrides;
import io.github.neuronembed.model.graph.BertShape;
import io.github.neuronembed.model.graph.RandomBertModel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.commons.cli.DefaultParser;
import org.apache.commons.cli.ParseException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("machine-format")
class PullCommandTest {

  private static final String REPOSITORY = "BAAI/bge-small-en-v1.5";
  private static final String GRAPH = "onnx/model.onnx";
  private static final String POOLING = "1_Pooling/config.json";

  /** Of a model whose graph has some 280 KB, so that it arrives in many pieces. */
  private static final BertShape SHAPE = new BertShape(2, 8, 2, 2200, ModelFolder.VOCABULARY, 64);

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final List<Duration> pauses = new ArrayList<>();
  private final Map<String, String> environment = new HashMap<>();
  private @TempDir Path home;
  private Path output;
  private StandInHub hub;
  private Duration timeout = Duration.ofSeconds(20);

  @BeforeEach
  void startHub() throws IOException {
    output = home.resolve("bge-small-en-v1.5");
    hub = new StandInHub();
    Path model = home.resolve("repository");
    ModelFolder.complete(model);
    Files.createDirectories(model.resolve("onnx"));
    RandomBertModel.write(model.resolve(GRAPH), SHAPE, 1);
    hub.files.putAll(tree(model));
    hub.files.put("special_tokens_map.json", "{}".getBytes(UTF_8));
    // As the repositories of bge have it: no prompts.
    hub.files.put(
        "config_sentence_transformers.json",
        "{\"__version__\": {\"sentence_transformers\": \"2.2.2\"}}".getBytes(UTF_8));
    hub.files.put("README.md", noise(2_000));
    hub.files.put("model.safetensors", noise(4_000));
    RandomBertModel.write(
        home.resolve("other.onnx"), new BertShape(2, 8, 2, 16, ModelFolder.VOCABULARY, 64), 2);
    hub.files.put("onnx/model_quantized.onnx", Files.readAllBytes(home.resolve("other.onnx")));
    environment.put("HF_ENDPOINT", hub.endpoint());
    environment.put("HF_HOME", home.resolve("huggingface").toString());
  }

  @AfterEach
  void stopHub() {
    hub.close();
  }

  private static byte[] noise(int bytes) {
    byte[] noise = new byte[bytes];
    new Random(bytes).nextBytes(noise);
    return noise;
  }

  private int pull(String... more) throws IOException {
    PullCommand command =
        new PullCommand(
            environment,
            pause -> {
              pauses.add(pause);
              return Duration.ZERO;
            },
            timeout);
    List<String> arguments = new ArrayList<>(List.of("--output", output.toString()));
    arguments.addAll(List.of(more));
    if (Stream.of(more)
        .noneMatch(argument -> argument.indexOf('/') > 0 && !argument.startsWith("refs/"))) {
      arguments.add(REPOSITORY);
    }
    try {
      return command.run(
          new DefaultParser().parse(command.options(), arguments.toArray(String[]::new)),
          new Streams(
              InputStream.nullInputStream(), out, new PrintStream(err, true, UTF_8), false));
    } catch (ParseException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private void refused(String... parts) {
    assertThatExceptionOfType(HubException.class)
        .isThrownBy(() -> pull())
        .satisfies(e -> assertThat(e.getMessage()).contains(parts).endsWith(".").hasLineCount(1));
  }

  /** Everything in the output folder, by its path. */
  private Map<String, byte[]> pulled() throws IOException {
    return tree(output);
  }

  private static Map<String, byte[]> tree(Path folder) throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    if (Files.isDirectory(folder)) {
      try (Stream<Path> walk = Files.walk(folder)) {
        for (Path file : walk.filter(Files::isRegularFile).toList()) {
          files.put(folder.relativize(file).toString(), Files.readAllBytes(file));
        }
      }
    }
    return files;
  }

  private static final String[] WHOLE = {
    "1_Pooling/config.json",
    "config.json",
    "config_sentence_transformers.json",
    "modules.json",
    "neuron-embed-pull.json",
    "neuron-embed.json",
    GRAPH,
    "sentence_bert_config.json",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json"
  };

  private void isWhole() throws IOException {
    assertThat(pulled()).containsOnlyKeys(WHOLE);
    pulled()
        .forEach(
            (path, content) -> {
              if (!path.startsWith("neuron-embed")) {
                assertThat(content).as(path).isEqualTo(hub.content(path));
              }
            });
  }

  /** Nothing has its final name. */
  private void isUntouched() throws IOException {
    assertThat(pulled().keySet()).allMatch(path -> path.startsWith(PullFolder.STAGING + "/"));
  }

  @Test
  void whatAModelDirectoryNeedsIsPulledAndNothingElse() throws Exception {
    assertThat(pull()).isZero();

    isWhole();
    assertThat(out.toString(UTF_8)).isEqualTo(output + "\n");
    assertThat(pauses).isEmpty();
    PullRecord record = PullRecord.read(output).orElseThrow();
    assertThat(record.listing().commit()).isEqualTo(StandInHub.COMMIT);
    assertThat(record.repository()).isEqualTo(new Repository(REPOSITORY, "main"));
    assertThat(record.listing().file(GRAPH).orElseThrow().checksum().hex())
        .isEqualTo(StandInHub.sha256(hub.content(GRAPH)));
    // Only the listing is asked for by the name of the revision, which may move.
    assertThat(hub.seen("hub", "/main")).hasSize(1);
  }

  @Test
  void bgesQueryInstructionIsWrittenIfTheRepositoryHasNone() throws Exception {
    pull();

    ModelDirectory model = ModelDirectory.open(output);
    assertThat(model.prefix(InputType.QUERY))
        .isEqualTo("Represent this sentence for searching relevant passages: ");
    assertThat(model.prefix(InputType.PASSAGE)).isEmpty();
    assertThat(err.toString(UTF_8)).contains("states no prompts");
  }

  @Test
  void anExistingOverrideAndAStatedPromptStay() throws Exception {
    pull();
    Files.writeString(output.resolve(ModelOverrides.FILE), "{\"queryPrefix\": \"mine \"}");
    pull();
    assertThat(ModelDirectory.open(output).prefix(InputType.QUERY)).isEqualTo("mine ");

    output = home.resolve("stated").resolve("bge-small-en-v1.5");
    hub.files.put(
        "config_sentence_transformers.json",
        "{\"prompts\": {\"query\": \"stated \"}}".getBytes(UTF_8));
    pull();
    assertThat(pulled()).doesNotContainKey(ModelOverrides.FILE);
    assertThat(ModelDirectory.open(output).prefix(InputType.QUERY)).isEqualTo("stated ");
  }

  @Test
  void aFolderOfAnotherNameGetsTheModelsName() throws Exception {
    output = home.resolve("small");
    pull();
    assertThat(ModelDirectory.open(output).name()).isEqualTo("bge-small-en-v1.5");
  }

  @Test
  void anUnknownModelWithoutPromptIsPulledAndFails() throws Exception {
    hub.repository = "someone/bge-like";
    assertThatExceptionOfType(HubException.class)
        .isThrownBy(() -> pull("someone/bge-like"))
        .withMessageContaining("All files have arrived")
        .withMessageContaining("queryPrefix");
    assertThat(pulled()).containsKeys(GRAPH, PullRecord.FILE);
    assertThat(out.size()).isZero();
  }

  /** Whatever is wrong with what a repository has, the command says so and fails. */
  @ParameterizedTest
  @CsvSource({
    "1_Pooling/config.json, '{\"pooling_mode_nothing\": true}', 1_Pooling",
    "config.json, '{\"model_type\": \"bert\"}', config.json",
    "tokenizer.json, '{}', tokenizer.json",
    "onnx/model.onnx, 'no graph', model.onnx",
  })
  void aDirectoryThatCannotBeServedFailsThePull(String file, String content, String named)
      throws Exception {
    hub.files.put(file, content.getBytes(UTF_8));
    refused("All files have arrived", named);
    assertThat(pulled()).containsKey(PullRecord.FILE);
  }

  /** The graph names the file that holds its weights; no name is guessed. */
  @Test
  void whatTheGraphNamesIsPulled() throws Exception {
    hub.files.put(GRAPH, ExternalWeights.of(hub.content(GRAPH), "weights/of-the-graph.bin"));
    refused(GRAPH, "weights/of-the-graph.bin", StandInHub.COMMIT);
    isUntouched();

    hub.files.put("onnx/weights/of-the-graph.bin", ExternalWeights.elements());
    assertThat(pull()).isZero();
    assertThat(pulled()).containsKey("onnx/weights/of-the-graph.bin");
    Map<String, byte[]> before = pulled();
    assertThat(pull()).isZero();
    assertThat(pulled()).containsExactlyEntriesOf(before);
  }

  @Test
  void theFoldersThatModulesNamesArePulled() throws Exception {
    for (String file : List.copyOf(hub.files.keySet())) {
      boolean transformers =
          file.startsWith("onnx/")
              || List.of("config.json", "tokenizer.json", "tokenizer_config.json").contains(file)
              || file.equals("sentence_bert_config.json");
      if (transformers) {
        hub.files.put("0_Encoder/" + file, Objects.requireNonNull(hub.files.remove(file)));
      }
    }
    hub.files.put("5_Mean/config.json", Objects.requireNonNull(hub.files.remove(POOLING)));
    hub.files.put(
        "modules.json",
        """
        [{"idx": 0, "path": "0_Encoder", "type": "sentence_transformers.models.Transformer"},
         {"idx": 1, "path": "5_Mean", "type": "sentence_transformers.models.Pooling"},
         {"idx": 2, "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}]
        """
            .getBytes(UTF_8));

    assertThat(pull()).isZero();

    assertThat(pulled()).containsKeys("0_Encoder/" + GRAPH, "5_Mean/config.json");
    assertThat(pulled()).doesNotContainKeys("README.md", GRAPH);
  }

  @Test
  void theFileOfAnotherArchitecturesLimitIsPulled() throws Exception {
    hub.files.put("sentence_roberta_config.json", "{\"max_seq_length\": 16}".getBytes(UTF_8));
    assertThat(pull()).isZero();
    assertThat(pulled()).containsKey("sentence_roberta_config.json");
  }

  @ParameterizedTest
  @CsvSource({
    "BAAI/bge-base-en-v1.5, 'Represent this sentence for searching relevant passages: ', ''",
    "BAAI/bge-small-zh-v1.5, 为这个句子生成表示以用于检索相关文章：, ''",
    "intfloat/e5-small-v2, 'query: ', 'passage: '",
    "intfloat/multilingual-e5-base, 'query: ', 'passage: '",
    "sentence-transformers/all-MiniLM-L6-v2, '', ''",
    "thenlper/gte-base, '', ''",
  })
  void promptsThatNoRepositoryStatesAreKnown(String repository, String query, String passage)
      throws Exception {
    hub.repository = repository;
    assertThat(pull(repository)).isZero();
    ModelDirectory model = ModelDirectory.open(output);
    assertThat(model.prefix(InputType.QUERY)).isEqualTo(query);
    assertThat(model.prefix(InputType.PASSAGE)).isEqualTo(passage);
    assertThat(model.name()).isEqualTo(new Repository(repository, "main").name());
  }

  @Test
  void threeBreaksLeaveTheSameBytes() throws Exception {
    hub.fault(GRAPH, Kind.BREAK, 100_000);
    hub.fault(GRAPH, Kind.BREAK, 50_000);
    hub.fault(GRAPH, Kind.BREAK, 1);

    assertThat(pull()).isZero();

    isWhole();
    // It went on where it broke, with what the network calls the same content.
    assertThat(hub.seen("network", GRAPH)).hasSize(4);
    StandInHub.Seen last = hub.seen("network", GRAPH).get(3);
    assertThat(Long.parseLong(last.header("Range").replaceAll("\\D", ""))).isBetween(1L, 150_001L);
    assertThat(last.header("If-Range")).startsWith("\"a-");
    assertThat(pauses)
        .containsExactly(Duration.ofSeconds(1), Duration.ofSeconds(2), Duration.ofSeconds(4));
  }

  @Test
  void whatIsNoLongerTheSameIsFetchedFromItsBeginning() throws Exception {
    hub.fault(GRAPH, Kind.BREAK, 100_000);
    hub.fault(GRAPH, Kind.NEW_ETAG, 0);
    assertThat(pull()).isZero();
    isWhole();
    assertThat(hub.seen("network", GRAPH)).hasSize(2);
  }

  @Test
  void whatAnEndedProcessLeftIsContinued() throws Exception {
    for (int i = 0; i < Retries.TRIES; i++) {
      hub.fault(GRAPH, Kind.BREAK, 10_000);
    }
    refused(GRAPH, "6 tries", "of %s bytes".formatted(hub.content(GRAPH).length), "run it again");
    isUntouched();
    hub.seen.clear();

    assertThat(pull()).isZero();

    isWhole();
    assertThat(hub.seen("network", GRAPH)).hasSize(1);
    assertThat(hub.seen("network", GRAPH).get(0).header("Range")).startsWith("bytes=");
    assertThat(hub.seen("hub", StandInHub.COMMIT + "/config.json")).isEmpty();
  }

  @Test
  void anAnswerThatStallsIsABreak() throws Exception {
    timeout = Duration.ofMillis(300);
    hub.fault(GRAPH, Kind.STALL, 70_000);
    assertThat(pull()).isZero();
    isWhole();
    // On a slow machine other answers may take too long, too.
    assertThat(pauses).isNotEmpty();
  }

  @Test
  void wrongBytesAreThrownAwayAndFetchedAgain() throws Exception {
    hub.fault(GRAPH, Kind.CORRUPT, 1234);
    hub.fault("tokenizer_config.json", Kind.CORRUPT, 3);
    // The order of faults is the order of files.
    assertThat(pull()).isZero();
    isWhole();
    assertThat(hub.seen("network", GRAPH)).hasSize(2);
    assertThat(hub.seen("network", GRAPH).get(1).header("Range")).isEmpty();
  }

  @Test
  void bytesThatStayWrongAreNeverGivenTheirName() throws Exception {
    hub.corruptAlways = true;
    refused("tokenizer.json", "6 tries", "not those that the repository states");
    isUntouched();
    assertThat(hub.seen("network", "tokenizer.json")).hasSize(Retries.TRIES);
  }

  @Test
  void aFailureLeavesAnEarlierDirectoryAsItWas() throws Exception {
    pull();
    Map<String, byte[]> before = pulled();
    hub.commit = "a".repeat(40);
    byte[] newer = (new String(hub.content("config.json"), UTF_8) + " ").getBytes(UTF_8);
    hub.files.put("config.json", newer);
    RandomBertModel.write(home.resolve("newer.onnx"), SHAPE, 2);
    hub.files.put(GRAPH, Files.readAllBytes(home.resolve("newer.onnx")));
    hub.corruptAlways = true;

    refused(GRAPH);

    assertThat(pulled()).containsAllEntriesOf(before);
    hub.corruptAlways = false;
    Files.createDirectories(output.resolve("neuron"));
    Files.writeString(output.resolve("neuron/manifest.json"), "{}");
    pull();
    assertThat(Files.readAllBytes(output.resolve(GRAPH))).isEqualTo(hub.content(GRAPH));
    assertThat(Files.readAllBytes(output.resolve("config.json"))).isEqualTo(newer);
    assertThat(PullRecord.read(output).orElseThrow().listing().commit()).isEqualTo(hub.commit);
    assertThat(err.toString(UTF_8)).contains("compile them again");
    assertThat(output.resolve(PullFolder.STAGING)).doesNotExist();
  }

  @Test
  void pullingAgainVerifiesAndDownloadsNothing() throws Exception {
    pull();
    Map<String, byte[]> before = pulled();
    hub.seen.clear();

    assertThat(pull()).isZero();

    assertThat(hub.seen).hasSize(1).allMatch(s -> s.path().startsWith("/api/models/"));
    assertThat(pulled()).containsExactlyEntriesOf(before);
    assertThat(err.toString(UTF_8)).contains("verified");
  }

  @Test
  void pullingAgainRepairs() throws Exception {
    pull();
    byte[] damaged = hub.content(GRAPH).clone();
    damaged[damaged.length / 2] ^= 1;
    Files.write(output.resolve(GRAPH), damaged);
    Files.delete(output.resolve("modules.json"));
    hub.seen.clear();

    pull();

    isWhole();
    assertThat(hub.seen("hub", "/resolve/")).hasSize(2);
    assertThat(err.toString(UTF_8)).contains("replaces another");
  }

  @Test
  void moreIsPulledOnRequestAndKeptFromThenOn() throws Exception {
    pull("--int8", "--include", "*.md");
    assertThat(pulled()).containsKeys("onnx/model_quantized.onnx", "README.md");
    pull();
    assertThat(pulled()).containsKeys("onnx/model_quantized.onnx", "README.md");

    hub.files.remove("README.md");
    pull();
    assertThat(pulled())
        .containsKey("onnx/model_quantized.onnx")
        .doesNotContainKey("README.md")
        .doesNotContainKey("model.safetensors");

    assertThatExceptionOfType(HubException.class)
        .isThrownBy(() -> pull("--include", "*.nothing"))
        .withMessageContaining("*.nothing");
  }

  @Test
  void theTokenGoesToTheHubAlone() throws Exception {
    hub.token = "hf_secret";
    environment.put("HF_TOKEN", "hf_secret");
    assertThat(pull()).isZero();

    isWhole();
    assertThat(hub.seen("hub", "")).allMatch(s -> s.header("Authorization").endsWith("hf_secret"));
    assertThat(hub.seen("network", "")).isNotEmpty();
    assertThat(hub.seen("network", "")).allMatch(s -> s.header("Authorization").isEmpty());
    assertThat(err.toString(UTF_8)).doesNotContain("hf_secret");
    assertThat(new String(pulled().get(PullRecord.FILE), UTF_8)).doesNotContain("hf_secret");
  }

  @Test
  void theTokenIsFoundInTheHubsHome() throws Exception {
    hub.token = "hf_file";
    Files.createDirectories(home.resolve("huggingface"));
    Files.writeString(home.resolve("huggingface/token"), "hf_file\n");
    assertThat(pull()).isZero();
  }

  @Test
  void aMissingAndAWrongTokenAreSaid() throws Exception {
    hub.token = "hf_secret";
    refused(REPOSITORY, "401", "set HF_TOKEN", "no such repository");
    environment.put("HF_TOKEN", "hf_wrong");
    refused(REPOSITORY, "401", "token in HF_TOKEN", "wrong or expired");
    environment.put("HF_TOKEN", "hf \u00e4");
    assertThatExceptionOfType(UsageException.class)
        .isThrownBy(() -> pull())
        .withMessageContaining("HF_TOKEN")
        .withMessageNotContaining("\u00e4");
    assertThat(output).doesNotExist();
    assertThat(pauses).isEmpty();
  }

  @Test
  void whatIsGatedIsSaid() {
    hub.fault("", Kind.STATUS, 403, Map.of("X-Error-Code", "GatedRepo"));
    refused("gated", "accept its terms at " + hub.endpoint() + "/" + REPOSITORY, "HF_TOKEN");
    hub.fault("config.json", Kind.STATUS, 401, Map.of("X-Error-Code", "GatedRepo"));
    refused("gated");
  }

  @Test
  void whatIsNotThereIsNamed() throws Exception {
    assertThatExceptionOfType(HubException.class)
        .isThrownBy(() -> pull("--revision", "v9"))
        .withMessage(
            REPOSITORY + " has no revision v9 (HTTP 404): name a branch, tag or commit of it.");
    assertThatExceptionOfType(HubException.class)
        .isThrownBy(() -> pull("BAAI/bge-none"))
        .withMessageContaining("no model repository BAAI/bge-none");
    hub.fault("config.json", Kind.STATUS, 404, Map.of("X-Error-Code", "EntryNotFound"));
    refused("no file config.json", "main");
    hub.files.remove(GRAPH);
    refused("no onnx/model.onnx", StandInHub.COMMIT);
  }

  @Test
  void aRevisionWithSlashesIsAsked() throws Exception {
    assertThat(pull("--revision", "refs/pr/1")).isZero();
    assertThat(pull("--revision", StandInHub.COMMIT)).isZero();
  }

  @Test
  void aServerThatIsBusyIsAskedAgainAfterThePauseItWants() throws Exception {
    hub.fault("", Kind.STATUS, 429, Map.of("Retry-After", "17"));
    hub.fault("", Kind.STATUS, 503);
    hub.fault("config.json", Kind.STATUS, 500);
    hub.fault(GRAPH, Kind.STATUS, 429, Map.of("Retry-After", "Wed, 21 Oct 2015 07:28:00 GMT"));
    assertThat(pull()).isZero();
    isWhole();
    assertThat(pauses)
        .satisfiesExactlyInAnyOrder(
            p -> assertThat(p).isEqualTo(Duration.ofSeconds(17)),
            p -> assertThat(p).isEqualTo(Duration.ofSeconds(2)),
            p -> assertThat(p).isEqualTo(Duration.ofSeconds(1)),
            p -> assertThat(p).isEqualTo(Duration.ZERO));
  }

  @Test
  void aServerThatWantsTooMuchPatienceIsNotWaitedFor() {
    hub.fault("", Kind.STATUS, 429, Map.of("Retry-After", "3600"));
    refused("60 minutes", "429");
    assertThat(pauses).isEmpty();
  }

  /** A signed address that has expired is no reason to give up: the hub gives out a new one. */
  @Test
  void anAddressThatExpiredIsAskedForAgain() throws Exception {
    hub.fault("tokenizer.json", Kind.NETWORK_STATUS, 403);
    assertThat(pull()).isZero();
    isWhole();
    assertThat(hub.seen("hub", "/resolve/" + StandInHub.COMMIT + "/tokenizer.json")).hasSize(2);
  }

  @Test
  void checksumsAreTakenFromHeadersWhereTheListingHasNone() throws Exception {
    hub.blobsInListing = false;
    assertThat(pull()).isZero();
    isWhole();
    assertThat(PullRecord.read(output).orElseThrow().listing().file("config.json").orElseThrow())
        .satisfies(
            file ->
                assertThat(file.checksum().hex())
                    .isEqualTo(StandInHub.gitSha1(hub.content("config.json"))));
    hub.fault(GRAPH, Kind.CORRUPT, 5);
    Files.delete(output.resolve(GRAPH));
    assertThat(pull()).isZero();
    isWhole();
  }

  @Test
  void noNetworkIsSaidAtOnce() {
    hub.close();
    refused(hub.endpoint(), "does not take connections", "HF_HUB_OFFLINE");
    assertThat(pauses).isEmpty();
  }

  @Test
  void offlineIsSaidWithoutARequest() {
    environment.put("HF_HUB_OFFLINE", "1");
    refused("HF_HUB_OFFLINE is set", REPOSITORY, "main", "unset it");
    assertThat(hub.seen).isEmpty();
  }

  @Test
  void offlineADirectoryIsVerified() throws Exception {
    pull();
    hub.seen.clear();
    environment.put("HF_HUB_OFFLINE", "true");
    assertThat(pull()).isZero();
    assertThat(hub.seen).isEmpty();

    Files.write(output.resolve(GRAPH), new byte[3]);
    refused("HF_HUB_OFFLINE is set", GRAPH);
  }

  /** The cache as the Python library lays it out. */
  private Path cache(boolean whole) throws IOException {
    Path models = home.resolve("huggingface/hub/models--BAAI--bge-small-en-v1.5");
    Files.createDirectories(models.resolve("blobs"));
    Files.createDirectories(models.resolve("refs"));
    Files.writeString(models.resolve("refs/main"), StandInHub.COMMIT);
    for (Map.Entry<String, byte[]> file : hub.files.entrySet()) {
      byte[] content = file.getValue();
      String name =
          content.length > 1024 ? StandInHub.sha256(content) : StandInHub.gitSha1(content);
      Path blob = models.resolve("blobs").resolve(name);
      Files.write(blob, whole || !file.getKey().equals(GRAPH) ? content : new byte[7]);
      Path link = models.resolve("snapshots").resolve(StandInHub.COMMIT).resolve(file.getKey());
      Path parent = Objects.requireNonNull(link.getParent());
      Files.createDirectories(parent);
      Files.createSymbolicLink(link, parent.relativize(blob));
    }
    return models;
  }

  @Test
  void whatTheHubsCacheHasIsTakenFromThere() throws Exception {
    Path models = cache(true);
    Map<String, byte[]> before = tree(models);
    assertThat(pull()).isZero();
    isWhole();
    assertThat(hub.seen).hasSize(1);
    assertThat(tree(models)).containsExactlyEntriesOf(before);
    assertThat(Files.isSymbolicLink(output.resolve(GRAPH))).isFalse();
  }

  @Test
  void offlineTheHubsCacheIsEnough() throws Exception {
    cache(true);
    environment.put("HF_HUB_OFFLINE", "1");
    assertThat(pull()).isZero();
    isWhole();
    assertThat(hub.seen).isEmpty();
  }

  @Test
  void aDamagedCacheIsNotTaken() throws Exception {
    cache(false);
    assertThat(pull()).isZero();
    isWhole();
    assertThat(hub.seen("network", GRAPH)).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../evil.md",
        "/etc/evil.md",
        "onnx/../../evil.md",
        "a//evil.md",
        "a\\..\\evil.md",
        "C:evil.md",
        "./evil.md",
        "evil\n.md"
      })
  void namesThatLeadOutOfTheFolderAreRefused(String name) throws Exception {
    hub.files.put(name, noise(10));
    Map<String, byte[]> before = tree(home);
    assertThatExceptionOfType(HubException.class)
        .isThrownBy(() -> pull())
        .withMessageContaining("not a path inside a folder");
    assertThat(tree(home)).containsAllEntriesOf(before);
    assertThat(home.resolve("evil.md")).doesNotExist();
    isUntouched();
  }

  @ParameterizedTest
  @ValueSource(strings = {"neuron-embed.json", "neuron-embed-pull.json", ".neuron-embed-pull/x"})
  void namesOfOurOwnAreRefused(String name) throws Exception {
    hub.files.put(name, noise(10));
    assertThatExceptionOfType(HubException.class)
        .isThrownBy(() -> pull("--include", "**"))
        .withMessageContaining("a name that this program uses itself");
    isUntouched();
  }

  @Test
  void aFolderOfSomethingElseIsNotPulledInto() throws Exception {
    Files.createDirectories(output);
    Files.writeString(output.resolve("letters.txt"), "dear");
    refused("holds files", "--output");

    output = home.resolve("other");
    pull();
    hub.repository = "BAAI/bge-base-en-v1.5";
    assertThatExceptionOfType(HubException.class)
        .isThrownBy(() -> pull("BAAI/bge-base-en-v1.5"))
        .withMessageContaining("holds " + REPOSITORY);
  }

  @Test
  void twoAtOnceDoNotDisturbEachOther() throws Exception {
    try (PullFolder held = PullFolder.open(output, new Repository(REPOSITORY, "main"))) {
      refused("Another process is pulling", held.path().toString());
    }
    assertThat(pull()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "../evil,main",
    "a/b/c,main",
    "a/..,main",
    "'',main",
    "a b,main",
    "a/b,' '",
  })
  void whatIsNoRepositoryIsRefused(String id, String revision) {
    assertThatExceptionOfType(UsageException.class)
        .isThrownBy(() -> Repository.parse(id, revision));
  }

  @Test
  void settingsFollowTheHubsLibrary() throws Exception {
    Path user = home.resolve("user");
    HubSettings plain = HubSettings.of(Map.of(), user);
    assertThat(plain.endpoint()).hasToString("https://huggingface.co");
    assertThat(plain.cache()).isEqualTo(user.resolve(".cache/huggingface/hub"));
    assertThat(plain.token()).isNull();
    assertThat(plain.offline()).isFalse();
    HubSettings changed =
        HubSettings.of(
            Map.of(
                "HF_ENDPOINT", "https://mirror.example/hf/",
                "HF_HUB_CACHE", "/caches/hub",
                "HF_HUB_OFFLINE", "yes"),
            user);
    assertThat(changed.endpoint()).hasToString("https://mirror.example/hf");
    assertThat(changed.cache()).isEqualTo(Path.of("/caches/hub"));
    assertThat(changed.offline()).isTrue();
    assertThatExceptionOfType(UsageException.class)
        .isThrownBy(() -> HubSettings.of(Map.of("HF_ENDPOINT", "ftp://x"), user));
  }

  @Test
  void aDamagedRecordIsNamed() throws Exception {
    pull();
    Files.writeString(output.resolve(PullRecord.FILE), "{");
    refused(PullRecord.FILE, "damaged");
  }

  @Test
  void aServerThatIsNoHubIsNamed() {
    hub.commit = "main";
    refused("does not answer as a Hugging Face hub", "HF_ENDPOINT");
  }

  /** The tests' own listing must not be wrong in the way the program is. */
  @Test
  void checksumsAreGitsAndSha256() throws Exception {
    Path file = home.resolve("hello");
    Files.writeString(file, "hello\n");
    assertThat(Checksum.of(file, Checksum.Kind.GIT))
        .hasToString("ce013625030ba8dba906f756967f9e9ca394464a");
    assertThat(Checksum.of(file, Checksum.Kind.SHA256))
        .hasToString("5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03");
    assertThat(Checksum.ofEtag("W/\"ce013625030ba8dba906f756967f9e9ca394464a\"")).isPresent();
    assertThat(Checksum.ofEtag("\"abc-2\"")).isEmpty();
  }
}
