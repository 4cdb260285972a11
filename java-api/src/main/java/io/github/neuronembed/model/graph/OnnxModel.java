package io.github.neuronembed.model.graph;

import io.github.neuronembed.model.graph.onnx.ModelProto;
import java.nio.ByteBuffer;
import java.util.Map;

/**
 * A model that was read. Its weights are separate, so that the heap need not hold them.
 *
 * @param proto everything else; it also holds the elements of initializers that are not in the map
 * @param rawData elements of initializers by name, each buffer all of it; only read
 */
record OnnxModel(ModelProto proto, Map<String, ByteBuffer> rawData) {}
