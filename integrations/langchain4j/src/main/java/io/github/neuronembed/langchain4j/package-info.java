/**
 * neuron-embed as a LangChain4j embedding model: {@link
 * io.github.neuronembed.langchain4j.NeuronEmbeddingModel}.
 */
@NullMarked
package io.github.neuronembed.langchain4j;

import org.jspecify.annotations.NullMarked;
