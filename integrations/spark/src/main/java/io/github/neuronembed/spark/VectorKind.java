package io.github.neuronembed.spark;

import java.util.Arrays;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructType;

/** What a column of vectors is made of. */
enum VectorKind {
  /** {@code array<float>}. */
  ARRAY("array") {
    @Override
    DataType type() {
      return NeuronEmbed.ARRAY;
    }

    @Override
    Object of(float[] vector) {
      return vector;
    }
  },

  /** Spark ML's dense vectors, of doubles. */
  VECTOR("vector") {
    @Override
    DataType type() {
      return SQLDataTypes.VectorType();
    }

    @Override
    Object of(float[] vector) {
      double[] wide = new double[vector.length];
      for (int i = 0; i < vector.length; i++) {
        wide[i] = vector[i];
      }
      return Vectors.dense(wide);
    }
  };

  private final String word;

  VectorKind(String word) {
    this.word = word;
  }

  /** The kind that a parameter's value names. */
  static VectorKind named(String word) {
    return Arrays.stream(values()).filter(kind -> kind.word.equals(word)).findFirst().orElseThrow();
  }

  /** The parameter's value. */
  String word() {
    return word;
  }

  abstract DataType type();

  /** A vector as a row of Spark's holds it. */
  abstract Object of(float[] vector);

  /**
   * A schema with a column of vectors behind its own.
   *
   * @throws IllegalArgumentException if there is no such column of strings, or one of the new name
   */
  StructType append(StructType schema, String textColumn, String vectorColumn) {
    DataType given = schema.apply(textColumn).dataType();
    if (!(given instanceof StringType)) {
      throw new IllegalArgumentException(
          "The column %s holds no strings but %s.".formatted(textColumn, given.simpleString()));
    }
    if (schema.getFieldIndex(vectorColumn).isDefined()) {
      throw new IllegalArgumentException(
          "There is a column %s already; name another for the vectors.".formatted(vectorColumn));
    }
    return schema.add(vectorColumn, type(), true);
  }
}
