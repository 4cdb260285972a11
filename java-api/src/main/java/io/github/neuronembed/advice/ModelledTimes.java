package io.github.neuronembed.advice;

import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.model.ModelDirectory;

/**
 * A model of an Inferentia2 NeuronCore that computes bge-base-en-v1.5 in bfloat16, for use without
 * measurements. Its parameters were fitted to the seven published execution times of that encoder,
 * which it reproduces within 5 %. Without published times it makes assumptions: for batches of
 * short rows, rows of 384 tokens, and the cost of several texts per row.
 *
 * <p>An execution of T tokens takes the longer of 4.55 µs per token, and 410 µs plus 3.2 µs per
 * token; each row of S tokens takes 7.78 ns times S² more for its attention, 1.18 times that at 512
 * tokens, and 1.42 times from four rows on, less towards 256. Several texts per row cost 10 % of
 * the attention and 1 % of the rest.
 */
public final class ModelledTimes implements DeviceTimes {

  /** What the model assumes, for people. */
  public static final String ASSUMPTIONS =
      "modelled times of bge-base-en-v1.5 in bfloat16 on one Inferentia2 core: fitted to published"
          + " times within 5 %; batches of short rows, rows of 384 tokens and the cost of packing"
          + " (attention 10 %, the rest 1 %) are assumed; nothing was run on a device";

  private static final int HIDDEN_SIZE = 768;
  private static final int LAYERS = 12;
  private static final double MICROS_PER_TOKEN = 4.55;
  private static final double MICROS_PER_EXECUTION = 410;
  private static final double MICROS_PER_TOKEN_BESIDE = 3.2;
  private static final double ATTENTION_MICROS = 7.78e-3;
  private static final int LONG_ROW = 256;
  private static final double LONG_ROW_MORE = 0.18;
  private static final double LONG_ROWS_MORE = 0.42;
  private static final int ROWS = 4;
  private static final double PACKED_ATTENTION = 1.1;
  private static final double PACKED_REST = 1.01;

  /** Whether a model has the size of the modelled encoder. */
  public static boolean isOf(ModelDirectory model) {
    return model.hiddenSize() == HIDDEN_SIZE && model.hiddenLayers() == LAYERS;
  }

  @Override
  public long nanos(Shape shape) {
    double tokens = shape.tokens();
    double length = shape.sequenceLength();
    double rest =
        Math.max(
            MICROS_PER_TOKEN * tokens, MICROS_PER_EXECUTION + MICROS_PER_TOKEN_BESIDE * tokens);
    double more = shape.batchSize() < ROWS ? LONG_ROW_MORE : LONG_ROWS_MORE;
    double longer = 1 + more * Math.max(0, (length - LONG_ROW) / LONG_ROW);
    double attention = shape.batchSize() * ATTENTION_MICROS * length * length * longer;
    double micros =
        shape.isPacked() ? rest * PACKED_REST + attention * PACKED_ATTENTION : rest + attention;
    return Math.round(micros * 1_000);
  }
}
