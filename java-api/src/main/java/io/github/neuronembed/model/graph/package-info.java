/**
 * Reads and writes ONNX files. {@link io.github.neuronembed.model.graph.PreparedGraph} rewrites a
 * BERT encoder's graph into one that runs faster. {@link
 * io.github.neuronembed.model.graph.RandomBertModel} writes models of a given shape for timing.
 * Nothing in this package executes a model.
 */
@NullMarked
package io.github.neuronembed.model.graph;

import org.jspecify.annotations.NullMarked;
