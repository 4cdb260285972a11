package io.github.neuronembed.model.graph;

import io.github.neuronembed.model.graph.onnx.ModelProto;
import java.nio.ByteBuffer;
import java.util.Map;

/**
 * A model that was read, its weights apart: they are larger than a heap need be.
 *
 * @param proto all else; it holds the elements of an initializer that is not in the map
 * @param rawData elements of initializers by name, each buffer all of it; only read
 */
record OnnxModel(ModelProto proto, Map<String, ByteBuffer> rawData) {}
