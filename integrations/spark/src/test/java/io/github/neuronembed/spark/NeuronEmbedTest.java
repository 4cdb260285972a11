package io.github.neuronembed.spark;

import static io.github.neuronembed.spark.LocalSpark.cosine;
import static io.github.neuronembed.spark.LocalSpark.vector;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.neuronembed.BackendChoice;
import io.github.neuronembed.BgeSmall;
import io.github.neuronembed.InputType;
import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.TextEmbedder;
import io.github.neuronembed.TextTooLongException;
import io.github.neuronembed.TruncationPolicy;
import io.github.neuronembed.backend.neuron.EmulatedModels;
import io.github.neuronembed.helpdesk.HelpDeskTexts;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.SparkFiles;
import org.apache.spark.api.java.function.FilterFunction;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.feature.VectorSlicer;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.streaming.Trigger;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.util.LongAccumulator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NeuronEmbedTest {

  private static final String TOO_LONG = "word ".repeat(1_000);

  private static SparkSession spark;
  private static EmbeddingSettings settings;
  private static TextEmbedder embedder;
  private static List<String> texts;
  private static Dataset<Row> dataset;

  @BeforeAll
  static void start() {
    spark = LocalSpark.builder("local[2]").getOrCreate();
    settings =
        EmbeddingSettings.ofModel(BgeSmall.directory().toString())
            .withBackend(BackendChoice.ONNX)
            .withWindow(5);
    embedder = BgeSmall.open(TruncationPolicy.TRUNCATE);
    texts = new ArrayList<>(HelpDeskTexts.passages());
    texts.add(0, null);
    texts.add(7, null);
    texts.add("");
    texts.add(TOO_LONG);
    dataset = LocalSpark.dataset(spark, texts, 3);
  }

  @AfterAll
  static void stop() {
    embedder.close();
    spark.stop();
  }

  @Test
  void addsTheVectorsOfAColumn() {
    Dataset<Row> embedded = NeuronEmbed.column(dataset, "text", "vector", settings);

    assertThat(embedded.schema())
        .isEqualTo(
            LocalSpark.TEXTS.add(
                "vector", DataTypes.createArrayType(DataTypes.FloatType, false), true));
    List<Row> rows = embedded.collectAsList();
    assertThat(rows).hasSameSizeAs(texts);
    for (int i = 0; i < rows.size(); i++) {
      assertThat(rows.get(i).getInt(0)).isEqualTo(i);
      assertThat(rows.get(i).getString(1)).isEqualTo(texts.get(i));
      assertIsVectorOf(texts.get(i), InputType.PASSAGE, rows.get(i), 2);
    }
  }

  @Test
  void embedsQueries() {
    List<Row> rows =
        NeuronEmbed.column(dataset, "text", "vector", settings.withInputType(InputType.QUERY))
            .collectAsList();

    assertIsVectorOf(texts.get(1), InputType.QUERY, rows.get(1), 2);
  }

  @Test
  void readsNoFurtherThanItsWindow() {
    LongAccumulator read = spark.sparkContext().longAccumulator();
    Dataset<Row> counted =
        dataset
            .coalesce(1)
            .filter(
                (FilterFunction<Row>)
                    row -> {
                      read.add(1);
                      return true;
                    });

    assertThat(NeuronEmbed.column(counted, "text", "vector", settings).limit(2).collectAsList())
        .hasSize(2);

    assertThat(read.value()).isBetween(2L, settings.window() + 2L).isLessThan(texts.size());
  }

  @Test
  void isAFunctionOfSql() {
    NeuronEmbed.registerFunction(spark, "neuron_embed", settings);
    dataset.createOrReplaceTempView("passages");

    Dataset<Row> embedded =
        spark.sql("SELECT id, neuron_embed(text) AS vector FROM passages WHERE id < 9 ORDER BY id");

    assertThat(embedded.schema().apply("vector").dataType())
        .isEqualTo(DataTypes.createArrayType(DataTypes.FloatType, false));
    List<Row> rows = embedded.collectAsList();
    assertThat(rows).hasSize(9);
    for (int i = 0; i < rows.size(); i++) {
      assertIsVectorOf(texts.get(i), InputType.PASSAGE, rows.get(i), 1);
    }
  }

  @Test
  void isAStageOfAPipeline(@TempDir Path folder) throws Exception {
    NeuronEmbedder stage =
        stage().setOutputType("vector").setInputType(InputType.QUERY).setWindow(3);
    Pipeline pipeline =
        new Pipeline()
            .setStages(
                new PipelineStage[] {
                  stage,
                  new VectorSlicer()
                      .setInputCol("vector")
                      .setOutputCol("head")
                      .setIndices(new int[] {0, 1})
                });
    Dataset<Row> present = dataset.filter("text IS NOT NULL");

    PipelineModel fitted = pipeline.fit(present);
    fitted.write().overwrite().save(folder.resolve("pipeline").toString());
    PipelineModel loaded = PipelineModel.load(folder.resolve("pipeline").toString());

    NeuronEmbedder read = (NeuronEmbedder) loaded.stages()[0];
    assertThat(read.uid()).isEqualTo(stage.uid());
    assertThat(read.settings())
        .isEqualTo(settings.withInputType(InputType.QUERY).withWindow(3))
        .isEqualTo(stage.settings());
    List<Row> rows = loaded.transform(present).collectAsList();
    assertThat(rows).hasSize(texts.size() - 2);
    Vector vector = rows.get(0).getAs("vector");
    float[] expected = embedder.embedQuery(texts.get(1));
    double[] actual = vector.toArray();
    assertThat(actual).hasSize(384);
    float[] narrow = new float[actual.length];
    for (int i = 0; i < actual.length; i++) {
      narrow[i] = (float) actual[i];
    }
    assertThat(cosine(narrow, expected)).isGreaterThanOrEqualTo(0.99999);
    assertThat(rows.get(0).<Vector>getAs("head").toArray()).containsExactly(actual[0], actual[1]);
  }

  @Test
  void savesAndLoadsAStage(@TempDir Path folder) throws Exception {
    NeuronEmbedder stage = stage().setTruncation(TruncationPolicy.STRICT);

    stage.save(folder.resolve("stage").toString());
    NeuronEmbedder loaded = NeuronEmbedder.load(folder.resolve("stage").toString());

    assertThat(loaded.settings()).isEqualTo(stage.settings());
    assertThat(loaded.getOrDefault(loaded.outputType())).isEqualTo("array");
    List<Row> rows = loaded.transform(dataset.filter("id < 3")).collectAsList();
    assertIsVectorOf(texts.get(1), InputType.PASSAGE, rows.get(1), 2);
    assertThat(Files.exists(folder.resolve("stage/metadata"))).isTrue();
  }

  @Test
  void aStageTellsItsSchemaAndChecksItsParameters() {
    NeuronEmbedder stage = stage();

    assertThat(stage.transformSchema(LocalSpark.TEXTS))
        .isEqualTo(NeuronEmbed.column(dataset, "text", "vector", settings).schema());
    assertThat(
            stage
                .copy(new ParamMap().put(stage.outputType(), "vector"))
                .transformSchema(LocalSpark.TEXTS)
                .apply("vector")
                .dataType())
        .isEqualTo(SQLDataTypes.VectorType());
    assertThat(Arrays.stream(stage.params()).map(param -> param.name()))
        .containsExactlyInAnyOrder(
            "inputCol",
            "outputCol",
            "outputType",
            "modelDirectory",
            "backend",
            "precision",
            "truncation",
            "inputType",
            "window");
    assertThatIllegalArgumentException().isThrownBy(() -> stage.setOutputType("tensor"));
    assertThatIllegalArgumentException().isThrownBy(() -> stage.setWindow(0));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> stage.set("backend", "tpu"))
        .withMessageContaining("backend");
  }

  @Test
  void refusesColumnsThatDoNotFit() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> NeuronEmbed.column(dataset, "id", "vector", settings))
        .withMessageContaining("id must have strings, not int");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> NeuronEmbed.column(dataset, "text", "id", settings))
        .withMessageContaining("id already");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> NeuronEmbed.column(dataset, "body", "vector", settings))
        .withMessageContaining("body");
    assertThatIllegalArgumentException().isThrownBy(() -> settings.withWindow(0));
    assertThatIllegalArgumentException().isThrownBy(() -> EmbeddingSettings.ofModel(" "));
  }

  @Test
  void failsWithTheEmbeddersOwnExceptions() {
    assertThatThrownBy(
            () ->
                NeuronEmbed.column(
                        dataset, "text", "vector", settings.withTruncation(TruncationPolicy.STRICT))
                    .collectAsList())
        .hasRootCauseInstanceOf(TextTooLongException.class);
    assertThatThrownBy(
            () ->
                NeuronEmbed.column(
                        dataset, "text", "vector", EmbeddingSettings.ofModel("no-such-archive"))
                    .collectAsList())
        .hasRootCauseInstanceOf(ModelLoadException.class)
        .hasStackTraceContaining(SparkFiles.get("no-such-archive"));
  }

  @Test
  void readsAModelThatSparkUnpacked(@TempDir Path folder) throws Exception {
    Path model = LocalSpark.emulatedModel(folder.resolve("model"), EmulatedModels.HASHED);
    Path archive = folder.resolve("model.zip");
    try (FileSystem zip = FileSystems.newFileSystem(archive, Map.of("create", "true"));
        Stream<Path> files = Files.walk(model)) {
      for (Path file : files.toList()) {
        Path target = zip.getPath("/" + model.relativize(file));
        if (Files.notExists(target)) {
          Files.copy(file, target);
        }
      }
    }
    spark.sparkContext().addArchive(archive.toUri() + "#unpacked");

    List<Row> rows =
        NeuronEmbed.column(
                dataset.filter("text = ''"),
                "text",
                "vector",
                EmbeddingSettings.ofModel("unpacked").withBackend(BackendChoice.EMULATOR))
            .collectAsList();

    assertThat(rows).hasSize(1);
    assertThat(vector(rows.get(0), 2)).hasSize(384);
  }

  @Test
  void embedsAStream(@TempDir Path folder) throws Exception {
    Files.writeString(folder.resolve("a.txt"), texts.get(1) + "\n" + texts.get(2) + "\n");
    Dataset<Row> stream = spark.readStream().text(folder.toString());

    NeuronEmbed.column(stream, "value", "vector", settings)
        .writeStream()
        .format("memory")
        .queryName("embedded")
        .trigger(Trigger.AvailableNow())
        .start()
        .awaitTermination();

    List<Row> rows = spark.table("embedded").collectAsList();
    assertThat(rows).hasSize(2);
    for (Row row : rows) {
      assertIsVectorOf(row.getString(0), InputType.PASSAGE, row, 1);
    }
  }

  @Test
  void sharesAnEngineAndOpensItAgainAfterAnEnd() {
    TextEmbedder shared = ExecutorEngines.get(settings);

    assertThat(ExecutorEngines.get(settings.withInputType(InputType.QUERY).withWindow(1)))
        .isSameAs(shared);
    assertThat(ExecutorEngines.get(settings.withBackend(BackendChoice.AUTO))).isNotSameAs(shared);
    ExecutorEngines.closeAll();
    assertThat(ExecutorEngines.get(settings)).isNotSameAs(shared);
    assertThat(ExecutorEngines.get(settings).embedPassage("a")).hasSize(384);
  }

  private static NeuronEmbedder stage() {
    return new NeuronEmbedder()
        .setInputCol("text")
        .setOutputCol("vector")
        .setModelDirectory(settings.model())
        .setBackend(settings.backend())
        .setWindow(settings.window());
  }

  private static void assertIsVectorOf(String text, InputType type, Row row, int column) {
    if (text == null) {
      assertThat(row.isNullAt(column)).isTrue();
    } else {
      assertThat(cosine(vector(row, column), embedder.embed(text, type)))
          .as(text)
          .isGreaterThanOrEqualTo(0.99999);
    }
  }
}
