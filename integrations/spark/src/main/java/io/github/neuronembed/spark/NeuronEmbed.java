package io.github.neuronembed.spark;

import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataTypes;

/**
 * Embeds texts on the executors that hold them. Each executor has one engine for all of its tasks,
 * opened when the first task needs it and closed when the executor ends. No engine is opened on the
 * driver, and nothing is collected to it.
 *
 * <p>A null text has a null vector. A task fails with the exceptions of {@link
 * io.github.neuronembed.TextEmbedder}, and Spark repeats it.
 */
public final class NeuronEmbed {

  /** The type of an embedded column: {@code array<float>}, without nulls in a vector. */
  static final ArrayType ARRAY = DataTypes.createArrayType(DataTypes.FloatType, false);

  private NeuronEmbed() {}

  /**
   * Adds the vectors of a column of texts. Rows keep their order and their partition; a task reads
   * up to {@link EmbeddingSettings#window()} rows ahead, so that executions are full.
   *
   * @param dataset any dataset, also a streaming one
   * @param textColumn a column of strings
   * @param vectorColumn name of the new column, of type {@code array<float>}
   * @return the dataset with one more column, evaluated when Spark needs it
   * @throws IllegalArgumentException if there is no such column of strings, or the new name is in
   *     use
   */
  public static Dataset<Row> column(
      Dataset<?> dataset, String textColumn, String vectorColumn, EmbeddingSettings settings) {
    return embed(dataset, textColumn, vectorColumn, VectorKind.ARRAY, settings);
  }

  static Dataset<Row> embed(
      Dataset<?> dataset,
      String textColumn,
      String vectorColumn,
      VectorKind kind,
      EmbeddingSettings settings) {
    Dataset<Row> rows = dataset.toDF();
    return rows.mapPartitions(
        new EmbedPartition(rows.schema().fieldIndex(textColumn), kind, settings),
        Encoders.row(kind.append(rows.schema(), textColumn, vectorColumn)));
  }

  /**
   * Makes the vectors available to SQL: {@code SELECT neuron_embed(text) FROM …} returns an {@code
   * array<float>}. Spark calls a function for one row at a time, so a task has only one text in
   * flight: use {@link #column} for many rows.
   *
   * @param session the session that gets the function
   * @param name of the function, for example {@code neuron_embed}
   */
  public static void registerFunction(
      SparkSession session, String name, EmbeddingSettings settings) {
    session.udf().register(name, new EmbedFunction(settings), ARRAY);
  }
}
