/** Computes figures from what was recorded: percentiles, throughput, intervals, stalls, stages. */
@NullMarked
package io.github.neuronembed.cli.bench.figures;

import org.jspecify.annotations.NullMarked;
