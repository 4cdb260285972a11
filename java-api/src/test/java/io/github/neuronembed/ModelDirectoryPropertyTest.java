package io.github.neuronembed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.neuronembed.backend.InferenceBackend;
import io.github.neuronembed.backend.Replica;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.onnx.OnnxBackend;
import io.github.neuronembed.backend.onnx.OnnxOptions;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.ModelFolder;
import io.github.neuronembed.model.Precision;
import io.github.neuronembed.model.graph.TinyGraphs;
import io.github.neuronembed.model.graph.TinyGraphs.Output;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Model directories of every kind around one tiny BERT: whatever they state, their vectors are
 * those of a computation that is written down here once more, or they are refused.
 *
 * <p>The token vectors come from ONNX Runtime, a text at a time and without padding; tokens,
 * pooling and normalisation from this class alone.
 */
class ModelDirectoryPropertyTest {

  private static final int DIRECTORIES = 2_000;
  private static final int HIDDEN = TinyGraphs.SHAPE.hiddenSize();
  private static final int POSITIONS = TinyGraphs.SHAPE.positions();
  private static final List<String> TEXTS =
      List.of(
          "the quick brown fox",
          "Hello WORLD, the Fox jumped!",
          "h\u00e9llo w\u00f6rld",
          "H\u00c9LLO fox\u6f22\u5b57fox \u6f22 hello",
          "",
          "fox",
          "query: the (quick) fox-jumping, a b c d e f g h i j k l m n o p q r s t u v w x y z");
  private static final List<String> MODES =
      List.of("cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken");
  private static final List<String> LEGACY =
      List.of(
          "pooling_mode_cls_token",
          "pooling_mode_max_tokens",
          "pooling_mode_mean_tokens",
          "pooling_mode_mean_sqrt_len_tokens",
          "pooling_mode_weightedmean_tokens",
          "pooling_mode_lasttoken");
  private static final List<String> SENTENCE_FILES =
      List.of(
          "sentence_bert_config.json",
          "sentence_roberta_config.json",
          "sentence_distilbert_config.json",
          "sentence_xlnet_config.json");

  /** What is to come of a graph's outputs. */
  private enum Gives {
    TOKENS,
    POOLED,
    NOTHING
  }

  private record Graph(Gives gives, List<Output> outputs) {
    static Graph of(Gives gives, Output... outputs) {
      return new Graph(gives, List.of(outputs));
    }
  }

  private record Variant(Graph graph, boolean mask, boolean types) {}

  private static final List<Graph> GRAPHS =
      List.of(
          Graph.of(Gives.TOKENS, Output.LAST_HIDDEN_STATE),
          Graph.of(Gives.TOKENS, Output.LAST_HIDDEN_STATE, Output.POOLER_OUTPUT),
          Graph.of(Gives.TOKENS, Output.POOLER_OUTPUT, Output.LAST_HIDDEN_STATE),
          Graph.of(Gives.TOKENS, Output.EARLY, Output.LAST_HIDDEN_STATE),
          Graph.of(Gives.TOKENS, Output.LOGITS, Output.EARLY, Output.TOKEN_EMBEDDINGS),
          Graph.of(Gives.TOKENS, Output.SENTENCE_EMBEDDING, Output.TOKEN_EMBEDDINGS),
          Graph.of(Gives.TOKENS, Output.UNNAMED),
          Graph.of(Gives.POOLED, Output.SENTENCE_EMBEDDING),
          Graph.of(Gives.POOLED, Output.POOLER_OUTPUT, Output.SENTENCE_EMBEDDING),
          Graph.of(Gives.NOTHING, Output.POOLER_OUTPUT),
          Graph.of(Gives.NOTHING, Output.LOGITS),
          Graph.of(Gives.NOTHING, Output.HALF),
          Graph.of(Gives.NOTHING, Output.UNNAMED, Output.EARLY),
          Graph.of(Gives.NOTHING, Output.EARLY, Output.LOGITS));

  @TempDir private Path temp;
  private final Map<Variant, OnnxBackend> backends = new HashMap<>();
  private final Map<Variant, ModelLoadException> refusals = new HashMap<>();
  private final Map<List<Integer>, float[][]> tokenVectors = new HashMap<>();

  /** What is in the folder: most directories differ from the one before in few files. */
  private final Map<String, String> written = new HashMap<>();

  private ModelFolder folder;
  private JsonArray modules;
  private JsonObject tokenizer;
  private TinyGraphs graphs;
  private TinyWordPiece wordPiece;
  private OrtSession reference;

  @BeforeEach
  void openReference() throws Exception {
    graphs = new TinyGraphs(temp);
    // One folder for all: a new one costs more than what is tested.
    folder = ModelFolder.complete(temp.resolve("model"));
    folder.delete("sentence_bert_config.json");
    wordPiece = new TinyWordPiece(folder.read("tokenizer.json"));
    modules = JsonParser.parseString(folder.read("modules.json")).getAsJsonArray();
    tokenizer = JsonParser.parseString(folder.read("tokenizer.json")).getAsJsonObject();
    reference =
        OrtEnvironment.getEnvironment()
            .createSession(
                graphs.of(List.of(Output.LAST_HIDDEN_STATE), true, true),
                new OrtSession.SessionOptions());
  }

  @AfterEach
  void close() throws OrtException {
    reference.close();
    backends.values().forEach(OnnxBackend::close);
  }

  /** A backend that many embedders use, one after the other. */
  private record Shared(OnnxBackend backend) implements InferenceBackend {
    @Override
    public String description() {
      return backend.description();
    }

    @Override
    public boolean emulated() {
      return backend.emulated();
    }

    @Override
    public int hiddenSize() {
      return backend.hiddenSize();
    }

    @Override
    public boolean pools() {
      return backend.pools();
    }

    @Override
    public List<Shape> shapes() {
      return backend.shapes();
    }

    @Override
    public List<Replica> replicas() {
      return backend.replicas();
    }

    @Override
    public void close() {}
  }

  @Test
  void noDirectoryGivesAWrongVector() throws Exception {
    int served = 0;
    Set<String> reasons = new TreeSet<>();
    for (int seed = 0; seed < DIRECTORIES; seed++) {
      Case directory = new Case(seed);
      directory.write();
      String expected = directory.refusal();
      try (TextEmbedder embedder =
          TextEmbedder.builder()
              .model(ModelDirectory.open(folder.path()))
              .backend(directory.backend())
              .engine(options -> options.slotsPerReplica(1))
              .build()) {
        assertThat(expected).as("%s is to be refused", directory).isEmpty();
        directory.check(embedder);
        served++;
      } catch (ModelLoadException e) {
        assertThat(e.getMessage()).as(directory.toString()).contains(folder.path().toString());
        assertThat(expected).as("%s: %s", directory, e.getMessage()).isNotEmpty();
        assertThat(e).as(directory.toString()).hasMessageContaining(expected);
        reasons.add(expected);
      }
    }
    assertThat(served).isGreaterThan(DIRECTORIES / 3);
    assertThat(reasons).hasSizeGreaterThan(8);
  }

  /** A directory of a seed. */
  private final class Case {
    private final int seed;
    private final Random random;
    private final Graph graph;
    private final boolean mask;
    private final boolean types;
    private final boolean newKeys;
    private final List<String> modes = new ArrayList<>();
    private final @Nullable Boolean includePrompt;
    private final boolean normalize;
    private final String queryPrefix;
    private final String passagePrefix;
    private final int statedDimension;
    private final @Nullable String side;
    private final @Nullable Integer sentenceLimit;
    private final @Nullable Integer tokenizerLimit;
    private final boolean sentenceLowers;
    private final boolean fileLowers;
    private final @Nullable Boolean fileStrips;
    private final boolean fileSplits;
    private final @Nullable String tokenizerClass;
    private final @Nullable Boolean lowers;
    private final @Nullable Boolean strips;
    private final @Nullable Boolean splits;

    Case(int seed) {
      this.seed = seed;
      // Small seeds alone begin alike.
      this.random = new Random(seed * 0x9E3779B97F4A7C15L);
      this.graph = GRAPHS.get(random.nextInt(chance(0.8) ? 9 : GRAPHS.size()));
      this.mask = chance(0.8);
      this.types = chance(0.7);
      this.newKeys = chance(0.5);
      int count = chance(0.7) ? 1 : 1 + random.nextInt(3);
      for (int i = 0; i < count; i++) {
        String mode = MODES.get(random.nextInt(MODES.size()));
        if (newKeys || !modes.contains(mode)) {
          modes.add(mode);
        }
      }
      if (!newKeys) {
        modes.sort((one, other) -> MODES.indexOf(one) - MODES.indexOf(other));
      } else if (chance(0.03)) {
        modes.set(0, "first");
      }
      this.includePrompt = chance(0.3) ? Boolean.valueOf(chance(0.7)) : null;
      this.normalize = chance(0.6);
      this.queryPrefix = chance(0.5) ? "query: " : "";
      this.passagePrefix = chance(0.2) ? "The " : "";
      this.statedDimension = chance(0.04) ? HIDDEN * 2 : HIDDEN;
      this.side = chance(0.5) ? null : chance(0.05) ? "middle" : chance(0.5) ? "left" : "right";
      this.sentenceLimit = chance(0.5) ? 6 + random.nextInt(80) : null;
      this.tokenizerLimit = chance(0.5) ? 6 + random.nextInt(80) : null;
      this.sentenceLowers = chance(0.3);
      this.fileLowers = chance(0.6);
      this.fileStrips = flag();
      this.fileSplits = chance(0.8);
      this.tokenizerClass =
          chance(0.3)
              ? null
              : List.of("BertTokenizer", "BertTokenizerFast", "PreTrainedTokenizerFast")
                  .get(random.nextInt(3));
      this.lowers = flag();
      this.strips = flag();
      this.splits = flag();
    }

    private boolean chance(double probability) {
      return random.nextDouble() < probability;
    }

    private @Nullable Boolean flag() {
      return chance(0.5) ? null : Boolean.valueOf(chance(0.5));
    }

    void write() {
      JsonObject pooling = new JsonObject();
      if (newKeys) {
        pooling.addProperty("embedding_dimension", statedDimension);
        JsonArray list = new JsonArray();
        modes.forEach(list::add);
        if (modes.size() == 1 && chance(0.8)) {
          pooling.addProperty("pooling_mode", modes.get(0));
        } else {
          pooling.add("pooling_mode", list);
        }
      } else {
        pooling.addProperty("word_embedding_dimension", statedDimension);
        for (int i = 0; i < MODES.size(); i++) {
          pooling.addProperty(LEGACY.get(i), modes.contains(MODES.get(i)));
        }
      }
      if (includePrompt != null) {
        pooling.addProperty("include_prompt", includePrompt);
      }
      file("1_Pooling/config.json", pooling);
      JsonArray stated = modules.deepCopy();
      if (!normalize) {
        stated.remove(2);
      }
      file("modules.json", stated);
      JsonObject prompts = new JsonObject();
      prompts.addProperty("query", queryPrefix);
      prompts.addProperty("document", passagePrefix);
      JsonObject sentenceTransformers = new JsonObject();
      sentenceTransformers.add("prompts", prompts);
      file("config_sentence_transformers.json", sentenceTransformers);
      writeLimits();
      writeTokenizer();
    }

    private void file(String name, JsonElement content) {
      String text = content.toString();
      if (!text.equals(written.put(name, text))) {
        folder.write(name, text);
      }
    }

    /** Loading a graph costs more than all the rest: each is loaded once, of its own file. */
    InferenceBackend backend() {
      Variant variant = new Variant(graph, mask, types);
      ModelLoadException refusal = refusals.get(variant);
      if (refusal != null) {
        throw refusal;
      }
      OnnxBackend open = backends.get(variant);
      if (open == null) {
        Path file = folder.path("onnx/model.onnx");
        folder.write("onnx/model.onnx", graphs.of(graph.outputs, mask, types));
        try {
          open = OnnxBackend.open(file, 0, OnnxOptions.forModel(POSITIONS, Precision.FP32));
        } catch (ModelLoadException e) {
          refusals.put(variant, e);
          throw e;
        }
        backends.put(variant, open);
      }
      return new Shared(open);
    }

    private void writeLimits() {
      for (String name : SENTENCE_FILES) {
        if (written.remove(name) != null) {
          folder.delete(name);
        }
      }
      JsonObject sentences = new JsonObject();
      if (sentenceLimit != null) {
        sentences.addProperty("max_seq_length", sentenceLimit);
      }
      sentences.addProperty("do_lower_case", sentenceLowers);
      file(SENTENCE_FILES.get(random.nextInt(SENTENCE_FILES.size())), sentences);
    }

    private void writeTokenizer() {
      JsonObject normalizer = new JsonObject();
      normalizer.addProperty("type", "BertNormalizer");
      normalizer.addProperty("clean_text", true);
      normalizer.addProperty("handle_chinese_chars", fileSplits);
      normalizer.addProperty("strip_accents", fileStrips);
      normalizer.addProperty("lowercase", fileLowers);
      tokenizer.add("normalizer", normalizer);
      file("tokenizer.json", tokenizer);
      JsonObject config = new JsonObject();
      config.addProperty("pad_token", "[PAD]");
      add(config, "tokenizer_class", tokenizerClass);
      add(config, "truncation_side", side);
      if (tokenizerLimit != null) {
        config.addProperty("model_max_length", tokenizerLimit);
      }
      add(config, "do_lower_case", lowers);
      add(config, "strip_accents", strips);
      add(config, "tokenize_chinese_chars", splits);
      file("tokenizer_config.json", config);
    }

    private void add(JsonObject json, String key, @Nullable String value) {
      if (value != null) {
        json.addProperty(key, value);
      }
    }

    private void add(JsonObject json, String key, @Nullable Boolean value) {
      if (value != null) {
        json.addProperty(key, value);
      }
    }

    /** A word of the refusal that is due; empty if the directory is to be served. */
    String refusal() {
      if (modes.contains("first")) {
        return "pooling_mode";
      }
      if (statedDimension != HIDDEN) {
        return newKeys ? "embedding_dimension" : "word_embedding_dimension";
      }
      if (Boolean.FALSE.equals(includePrompt) && !(queryPrefix + passagePrefix).isEmpty()) {
        return "include_prompt";
      }
      if (graph.gives == Gives.NOTHING) {
        return graph.outputs.contains(Output.LOGITS)
            ? "classifier"
            : graph.outputs.contains(Output.POOLER_OUTPUT)
                ? "pooler_output"
                : graph.outputs.contains(Output.HALF) ? "float16" : "rename";
      }
      if ("middle".equals(side)) {
        return "truncation_side";
      }
      if (graph.gives == Gives.POOLED && modes.size() > 1) {
        return "not of one model";
      }
      return "";
    }

    void check(TextEmbedder embedder) throws OrtException {
      boolean pooled = graph.gives == Gives.POOLED;
      assertThat(embedder.dimension()).isEqualTo(HIDDEN * modes.size());
      for (InputType type : InputType.values()) {
        List<String> texts =
            IntStream.range(0, 3).mapToObj(i -> TEXTS.get(random.nextInt(TEXTS.size()))).toList();
        List<float[]> actual = embedder.embed(texts, type);
        String prefix = type == InputType.QUERY ? queryPrefix : passagePrefix;
        for (int i = 0; i < texts.size(); i++) {
          List<Integer> ids = tokens(prefix + texts.get(i));
          assertThat(embedder.tokenize(texts.get(i), type, TruncationPolicy.TRUNCATE))
              .as("%s, text %s", this, i)
              .isEqualTo(ids.stream().mapToInt(Integer::intValue).toArray());
          float[][] vectors = vectors(ids);
          float[] expected = pool(vectors, pooled ? List.of("cls") : modes);
          assertThat(actual.get(i))
              .as("%s, text %s", this, i)
              .containsExactly(expected, within(2e-5f));
        }
      }
    }

    private float[] pool(float[][] tokens, List<String> strategies) {
      double[] all = new double[HIDDEN * strategies.size()];
      for (int s = 0; s < strategies.size(); s++) {
        for (int j = 0; j < HIDDEN; j++) {
          all[s * HIDDEN + j] = pool(tokens, strategies.get(s), j);
        }
      }
      double norm = 0;
      for (double x : all) {
        norm += x * x;
      }
      float[] vector = new float[all.length];
      for (int i = 0; i < all.length; i++) {
        vector[i] = (float) (normalize ? all[i] / Math.sqrt(norm) : all[i]);
      }
      return vector;
    }

    private double pool(float[][] tokens, String mode, int j) {
      double sum = 0;
      double weighted = 0;
      double largest = Double.NEGATIVE_INFINITY;
      for (int t = 0; t < tokens.length; t++) {
        sum += tokens[t][j];
        weighted += (t + 1) * (double) tokens[t][j];
        largest = Math.max(largest, tokens[t][j]);
      }
      int n = tokens.length;
      return switch (mode) {
        case "cls" -> tokens[0][j];
        case "lasttoken" -> tokens[n - 1][j];
        case "max" -> largest;
        case "mean" -> sum / n;
        case "mean_sqrt_len_tokens" -> sum / Math.sqrt(n);
        case "weightedmean" -> weighted / (n * (n + 1) / 2.0);
        default -> throw new IllegalArgumentException(mode);
      };
    }

    private List<Integer> tokens(String text) {
      boolean rebuilt = !"PreTrainedTokenizerFast".equals(tokenizerClass);
      boolean lower = rebuilt ? lowers == null || lowers : fileLowers;
      Boolean stated = rebuilt ? strips : fileStrips;
      boolean strip = stated == null ? lower : stated;
      boolean split = rebuilt ? splits == null || splits : fileSplits;
      int limit =
          Math.min(
              POSITIONS,
              sentenceLimit != null
                  ? sentenceLimit
                  : tokenizerLimit != null ? tokenizerLimit : POSITIONS);
      List<Integer> content = wordPiece.tokens(text, lower || sentenceLowers, strip, split);
      int kept = Math.min(content.size(), limit - 2);
      int from = "left".equals(side) ? content.size() - kept : 0;
      List<Integer> ids = new ArrayList<>(content.subList(from, from + kept));
      ids.add(0, 2);
      ids.add(3);
      return ids;
    }

    @Override
    public String toString() {
      return ("directory %s: %s mask=%s types=%s modes=%s prompt=%s prefixes=%s/%s side=%s"
              + " limits=%s/%s lower=%s/%s/%s class=%s strip=%s/%s split=%s/%s")
          .formatted(
              seed,
              graph,
              mask,
              types,
              modes,
              includePrompt,
              queryPrefix,
              passagePrefix,
              side,
              sentenceLimit,
              tokenizerLimit,
              sentenceLowers,
              fileLowers,
              lowers,
              tokenizerClass,
              fileStrips,
              strips,
              fileSplits,
              splits);
    }
  }

  private float[][] vectors(List<Integer> ids) throws OrtException {
    float[][] known = tokenVectors.get(ids);
    if (known == null) {
      OrtEnvironment environment = OrtEnvironment.getEnvironment();
      long[][] row = {ids.stream().mapToLong(Integer::longValue).toArray()};
      long[][] ones = {ids.stream().mapToLong(id -> 1).toArray()};
      try (OnnxTensor input = OnnxTensor.createTensor(environment, row);
          OnnxTensor mask = OnnxTensor.createTensor(environment, ones);
          OnnxTensor types = OnnxTensor.createTensor(environment, new long[1][ids.size()]);
          OrtSession.Result result =
              reference.run(
                  Map.of("input_ids", input, "attention_mask", mask, "token_type_ids", types))) {
        known = ((float[][][]) result.get(0).getValue())[0];
      }
      tokenVectors.put(ids, known);
    }
    return known;
  }

  /** BERT's tokenizer for the characters of the texts above, written down once more. */
  private record TinyWordPiece(Map<String, Integer> vocabulary) {

    TinyWordPiece(String tokenizerJson) {
      this(new HashMap<>());
      JsonParser.parseString(tokenizerJson)
          .getAsJsonObject()
          .getAsJsonObject("model")
          .getAsJsonObject("vocab")
          .entrySet()
          .forEach(token -> vocabulary.put(token.getKey(), token.getValue().getAsInt()));
    }

    List<Integer> tokens(String text, boolean lower, boolean strip, boolean split) {
      String normal = split ? text.replaceAll("(\\p{IsHan})", " $1 ") : text;
      if (strip) {
        normal = Normalizer.normalize(normal, Normalizer.Form.NFD).replaceAll("\\p{Mn}", "");
      }
      if (lower) {
        normal = normal.toLowerCase(Locale.ROOT);
      }
      List<Integer> ids = new ArrayList<>();
      for (String word : normal.replaceAll("(\\p{Punct})", " $1 ").strip().split("\\s+", -1)) {
        if (!word.isEmpty()) {
          ids.addAll(pieces(word));
        }
      }
      return ids;
    }

    private List<Integer> pieces(String word) {
      List<Integer> ids = new ArrayList<>();
      for (int from = 0; from < word.length(); ) {
        int to = word.length();
        while (to > from && !vocabulary.containsKey(piece(word, from, to))) {
          to--;
        }
        if (to == from) {
          return List.of(vocabulary.get("[UNK]"));
        }
        ids.add(vocabulary.get(piece(word, from, to)));
        from = to;
      }
      return ids;
    }

    private static String piece(String word, int from, int to) {
      return (from == 0 ? "" : "##") + word.substring(from, to);
    }
  }
}
