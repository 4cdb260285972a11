package io.github.neuronembed.cli.bench.result;

import org.jspecify.annotations.Nullable;

/**
 * How right the vectors of a configuration are: the least cosine to those of the same model in fp32
 * on ONNX Runtime, a row at a time.
 *
 * @param leastCosine of all rows compared; NaN if none was
 * @param rows how many were compared
 * @param skipped why none was; null if some were
 */
public record Quality(double leastCosine, int rows, @Nullable String skipped) {

  public static Quality skipped(String reason) {
    return new Quality(Double.NaN, 0, reason);
  }
}
