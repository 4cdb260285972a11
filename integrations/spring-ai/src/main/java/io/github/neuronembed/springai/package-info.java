/**
 * neuron-embed as a Spring AI embedding model: {@link
 * io.github.neuronembed.springai.NeuronEmbeddingModel}.
 */
@NullMarked
package io.github.neuronembed.springai;

import org.jspecify.annotations.NullMarked;
