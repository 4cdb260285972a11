package io.github.neuronembed.spark;

import io.github.neuronembed.BackendChoice;
import io.github.neuronembed.InputType;
import io.github.neuronembed.TruncationPolicy;
import io.github.neuronembed.model.Precision;
import java.io.Serializable;

/**
 * The settings of embedding, which Spark sends to the executors with a job.
 *
 * @param model the model directory: an absolute path on every executor, or a path below the folder
 *     in which Spark puts the files of {@code --archives} and {@code --files}
 * @param backend the backend
 * @param precision the precision on a CPU
 * @param truncation the policy for a text that is too long; a rejected text fails its task
 * @param inputType whether the texts are passages or queries
 * @param window rows that a task of {@link NeuronEmbed#column} has in flight at once, and holds in
 *     memory
 */
public record EmbeddingSettings(
    String model,
    BackendChoice backend,
    Precision precision,
    TruncationPolicy truncation,
    InputType inputType,
    int window)
    implements Serializable {

  private static final int WINDOW = 256;

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if no model is named, or the window is not positive
   */
  public EmbeddingSettings {
    if (model.isBlank()) {
      throw new IllegalArgumentException("No model directory is named.");
    }
    if (window < 1) {
      throw new IllegalArgumentException("The window is at least 1 row, not %s.".formatted(window));
    }
  }

  /**
   * Passages, truncated, on NeuronCores if there are any, else on the CPU; 256 rows in flight.
   *
   * @param directory see {@link #model()}
   */
  public static EmbeddingSettings ofModel(String directory) {
    return new EmbeddingSettings(
        directory,
        BackendChoice.AUTO,
        Precision.EXACT,
        TruncationPolicy.TRUNCATE,
        InputType.PASSAGE,
        WINDOW);
  }

  /** These settings with another backend. */
  public EmbeddingSettings withBackend(BackendChoice choice) {
    return new EmbeddingSettings(model, choice, precision, truncation, inputType, window);
  }

  /** These settings with another precision. */
  public EmbeddingSettings withPrecision(Precision choice) {
    return new EmbeddingSettings(model, backend, choice, truncation, inputType, window);
  }

  /** These settings with another policy for texts that are too long. */
  public EmbeddingSettings withTruncation(TruncationPolicy policy) {
    return new EmbeddingSettings(model, backend, precision, policy, inputType, window);
  }

  /** These settings for another type of text. */
  public EmbeddingSettings withInputType(InputType type) {
    return new EmbeddingSettings(model, backend, precision, truncation, type, window);
  }

  /** These settings with another window. */
  public EmbeddingSettings withWindow(int rows) {
    return new EmbeddingSettings(model, backend, precision, truncation, inputType, rows);
  }
}
