/**
 * ONNX files as data: a BERT encoder's graph is rewritten into one that costs less to run ({@link
 * io.github.neuronembed.model.graph.PreparedGraph}), and models of a given shape are written for
 * timing ({@link io.github.neuronembed.model.graph.RandomBertModel}). Nothing here executes a
 * model.
 */
@NullMarked
package io.github.neuronembed.model.graph;

import org.jspecify.annotations.NullMarked;
