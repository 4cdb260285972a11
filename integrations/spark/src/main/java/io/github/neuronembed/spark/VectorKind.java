package io.github.neuronembed.spark;

import java.util.Arrays;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructType;

/** The type of a column of vectors. */
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

  /** The kind with a parameter's value. */
  static VectorKind named(String word) {
    return Arrays.stream(values()).filter(kind -> kind.word.equals(word)).findFirst().orElseThrow();
  }

  /** The parameter's value. */
  String word() {
    return word;
  }

  abstract DataType type();

  /** A vector in the form of a Spark row. */
  abstract Object of(float[] vector);

  /**
   * A schema with an additional column of vectors.
   *
   * @throws IllegalArgumentException if there is no such column of strings, or the new name is in
   *     use
   */
  StructType append(StructType schema, String textColumn, String vectorColumn) {
    DataType given = schema.apply(textColumn).dataType();
    if (!(given instanceof StringType)) {
      throw new IllegalArgumentException(
          "The column %s must have strings, not %s.".formatted(textColumn, given.simpleString()));
    }
    if (schema.getFieldIndex(vectorColumn).isDefined()) {
      throw new IllegalArgumentException(
          "There is a column %s already; name another for the vectors.".formatted(vectorColumn));
    }
    return schema.add(vectorColumn, type(), true);
  }
}
