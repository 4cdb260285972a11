package io.github.neuronembed.cli.bench.result;

import org.jspecify.annotations.Nullable;

/**
 * A rate that the search for the highest one tried.
 *
 * @param rowsPerSecond that arrived
 * @param p99Millis of the calls; NaN if they were not all served
 * @param calls that were made
 * @param met whether the p99 was under the bound
 * @param failure why they were not all served; null if they were
 */
public record RateStep(
    double rowsPerSecond, double p99Millis, long calls, boolean met, @Nullable String failure) {}
