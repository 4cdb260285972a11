package io.github.neuronembed.spark;

import static io.github.neuronembed.spark.LocalSpark.cosine;
import static io.github.neuronembed.spark.LocalSpark.vector;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.neuronembed.BackendChoice;
import io.github.neuronembed.BgeSmall;
import io.github.neuronembed.TextEmbedder;
import io.github.neuronembed.TruncationPolicy;
import io.github.neuronembed.backend.neuron.EmulatedModels;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two executors with two emulated cores each, in JVMs of their own. */
class ClusterTest {

  private static final int ROWS = 2_000;

  @TempDir static Path folder;

  private static SparkSession spark;
  private static EmbeddingSettings settings;
  private static List<String> texts;

  @BeforeAll
  static void start() throws IOException {
    texts = IntStream.range(0, ROWS).mapToObj(i -> "ticket " + i).toList();
    settings =
        EmbeddingSettings.ofModel(
            LocalSpark.emulatedModel(folder.resolve("computed"), EmulatedModels.DEFAULT)
                .toString());
    settings = settings.withBackend(BackendChoice.EMULATOR).withWindow(64);
    // Whoever opened another one's cores would be refused: they are locked.
    Path locks = Files.createDirectory(folder.resolve("locks"));
    spark = StandaloneCluster.builder("{\"lockDirectory\": \"%s\"}".formatted(locks)).getOrCreate();
  }

  /** One that registers late, or again after it died, would leave all tasks to the other. */
  @BeforeEach
  void awaitBothExecutors() throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
    // The driver is one of them.
    while (spark.sparkContext().statusTracker().getExecutorInfos().length < 3) {
      assertThat(System.nanoTime()).as("both executors registered in time").isLessThan(end);
      Thread.sleep(50);
    }
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  @Test
  void twoExecutorsGiveTheVectorsOfOneEmbedder() {
    Dataset<Row> embedded =
        NeuronEmbed.column(LocalSpark.dataset(spark, texts, 8), "text", "vector", settings);

    List<Row> rows =
        embedded
            .map(
                new Locate(),
                Encoders.row(
                    embedded
                        .schema()
                        .add("executor", DataTypes.StringType)
                        .add("cores", DataTypes.StringType)))
            .collectAsList();

    Map<String, String> cores = new TreeMap<>();
    rows.forEach(row -> cores.put(row.getString(3), row.getString(4)));
    assertThat(cores.values()).containsExactlyInAnyOrder("0,1", "2,3");
    assertAreAll(texts, rows);
  }

  @Test
  void anExecutorThatDiesLosesAndDoublesNothing() throws IOException {
    List<String> some = texts.subList(0, 600);
    Path died = folder.resolve("died");
    Dataset<Row> embedded =
        NeuronEmbed.column(LocalSpark.dataset(spark, some, 6), "text", "vector", settings);

    List<Row> rows =
        embedded
            .map(new DieOnce(died.toString(), 350), Encoders.row(embedded.schema()))
            .collectAsList();

    assertThat(died).as("an executor died").exists();
    assertAreAll(some, rows);
  }

  @Test
  void onnxRuntimeServesBesideTheCores() {
    List<String> some = texts.subList(0, 40);
    Dataset<Row> dataset = LocalSpark.dataset(spark, some, 4);
    assertThat(NeuronEmbed.column(dataset, "text", "vector", settings).collectAsList()).hasSize(40);
    EmbeddingSettings onnx =
        EmbeddingSettings.ofModel(BgeSmall.directory().toString()).withBackend(BackendChoice.ONNX);

    assertAreAll(some, NeuronEmbed.column(dataset, "text", "vector", onnx).collectAsList());
  }

  @Test
  void aSecondModelOnTheSameCoresIsRefused() throws IOException {
    EmbeddingSettings other =
        EmbeddingSettings.ofModel(
                LocalSpark.emulatedModel(folder.resolve("hashed"), EmulatedModels.HASHED)
                    .toString())
            .withBackend(BackendChoice.EMULATOR);
    Dataset<Row> dataset = LocalSpark.dataset(spark, texts.subList(0, 20), 4);
    assertThat(NeuronEmbed.column(dataset, "text", "vector", settings).collectAsList()).hasSize(20);

    assertThatThrownBy(() -> NeuronEmbed.column(dataset, "text", "vector", other).collectAsList())
        .hasStackTraceContaining("NeuronCores serve one model")
        .hasStackTraceContaining("in a separate application");
  }

  /** Every text once and in order, with its vector. */
  private static void assertAreAll(List<String> given, List<Row> rows) {
    assertThat(rows).extracting(row -> row.getString(1)).isEqualTo(given);
    try (TextEmbedder embedder = BgeSmall.open(TruncationPolicy.TRUNCATE)) {
      List<float[]> expected = embedder.embedPassages(given);
      for (int i = 0; i < rows.size(); i++) {
        assertThat(cosine(vector(rows.get(i), 2), expected.get(i)))
            .as(given.get(i))
            .isGreaterThanOrEqualTo(0.99999);
      }
    }
  }

  /** Adds where a row was embedded. */
  private record Locate() implements MapFunction<Row, Row> {
    @Override
    public Row call(Row row) {
      return RowFactory.create(
          row.get(0), row.get(1), row.get(2), SparkEnv.get().executorId(), ExecutorCores.visible());
    }
  }

  /** Ends the JVM at a row, in the middle of its partition, unless that was done. */
  private record DieOnce(String marker, int at) implements MapFunction<Row, Row> {
    @Override
    public Row call(Row row) {
      if (row.getInt(0) == at) {
        try {
          Files.createFile(Path.of(marker));
          Runtime.getRuntime().halt(1);
        } catch (FileAlreadyExistsException e) {
          return row;
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
      return row;
    }
  }
}
