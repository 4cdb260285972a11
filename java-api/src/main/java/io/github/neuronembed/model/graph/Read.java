package io.github.neuronembed.model.graph;

/**
 * One step of a graph that was read.
 *
 * @param weights the step's weights
 * @param input the name of the value that the step is applied to
 */
record Read<T>(T weights, String input) {}
