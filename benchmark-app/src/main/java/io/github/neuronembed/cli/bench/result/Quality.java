package io.github.neuronembed.cli.bench.result;

import org.jspecify.annotations.Nullable;

/**
 * How close the vectors of a configuration are to the reference: the least cosine to the vectors of
 * the same model in fp32 on ONNX Runtime, one row at a time.
 *
 * @param leastCosine of all compared rows; NaN if none was compared
 * @param rows how many were compared
 * @param skipped why none was compared; null if some were
 */
public record Quality(double leastCosine, int rows, @Nullable String skipped) {

  public static Quality skipped(String reason) {
    return new Quality(Double.NaN, 0, reason);
  }
}
