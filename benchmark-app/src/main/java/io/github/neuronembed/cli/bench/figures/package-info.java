/** Computes figures from measurements: percentiles, throughput, intervals, stalls, stages. */
@NullMarked
package io.github.neuronembed.cli.bench.figures;

import org.jspecify.annotations.NullMarked;
