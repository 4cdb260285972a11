package io.github.neuronembed.spark;

import io.github.neuronembed.BgeSmall;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.neuron.EmulatedModels;
import io.github.neuronembed.model.ModelDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** A session in this JVM, and datasets for it. */
final class LocalSpark {

  static final StructType TEXTS =
      new StructType().add("id", DataTypes.IntegerType).add("text", DataTypes.StringType);

  private LocalSpark() {}

  /** What every test configures. */
  static SparkSession.Builder builder(String master) {
    return SparkSession.builder()
        .master(master)
        .appName("neuron-embed")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.ui.enabled", false)
        .config("spark.plugins", NeuronCorePlugin.class.getName())
        .config("spark.sql.shuffle.partitions", 2);
  }

  /** Texts with their index as id. */
  static Dataset<Row> dataset(SparkSession spark, List<String> texts, int partitions) {
    List<Row> rows = new ArrayList<>();
    for (String text : texts) {
      rows.add(RowFactory.create(rows.size(), text));
    }
    // repartition would shuffle; a range of the list is a partition of this
    return spark.createDataFrame(
        new JavaSparkContext(spark.sparkContext()).parallelize(rows, partitions), TEXTS);
  }

  /**
   * bge-small with emulated models for short texts.
   *
   * @param directory made here
   */
  static Path emulatedModel(Path directory, EmulatedModels models) throws IOException {
    BgeSmall.write(directory);
    if (models.computed()) {
      Files.createSymbolicLink(directory.resolve("onnx"), BgeSmall.directory().resolve("onnx"));
    }
    models.pack(
        ModelDirectory.open(directory),
        List.of(new Shape(16, 8)),
        Files.createDirectory(directory.resolve("neuron")));
    return directory;
  }

  static float[] vector(Row row, int column) {
    List<Float> values = row.getList(column);
    float[] vector = new float[values.size()];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = values.get(i);
    }
    return vector;
  }

  static double cosine(float[] a, float[] b) {
    double dot = 0;
    double aa = 0;
    double bb = 0;
    for (int i = 0; i < a.length; i++) {
      dot += (double) a[i] * b[i];
      aa += (double) a[i] * a[i];
      bb += (double) b[i] * b[i];
    }
    return dot / Math.sqrt(aa * bb);
  }
}
