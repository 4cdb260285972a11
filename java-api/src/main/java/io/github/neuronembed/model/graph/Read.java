package io.github.neuronembed.model.graph;

/**
 * What was read of a graph.
 *
 * @param weights of one step
 * @param input the value that they are applied to
 */
record Read<T>(T weights, String input) {}
