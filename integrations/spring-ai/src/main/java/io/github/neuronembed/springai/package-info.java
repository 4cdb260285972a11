/**
 * neuron-embed as a Spring AI embedding model, {@link
 * io.github.neuronembed.springai.NeuronEmbeddingModel}, and as a reranker of retrieved documents,
 * {@link io.github.neuronembed.springai.NeuronDocumentPostProcessor}.
 */
@NullMarked
package io.github.neuronembed.springai;

import org.jspecify.annotations.NullMarked;
