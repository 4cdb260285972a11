/**
 * neuron-embed on Apache Spark: a column of a dataset, a SQL function and an ML pipeline stage. See
 * {@link io.github.neuronembed.spark.NeuronEmbed} and {@link
 * io.github.neuronembed.spark.NeuronEmbedder}.
 */
@NullMarked
package io.github.neuronembed.spark;

import org.jspecify.annotations.NullMarked;
