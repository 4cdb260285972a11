/**
 * The {@code bench} command: a matrix of batch sizes, sequence lengths, models and workers,
 * measured and reported by the published rules of NeuronPerf, and with further figures that those
 * rules omit.
 */
@NullMarked
package io.github.neuronembed.cli.bench;

import org.jspecify.annotations.NullMarked;
