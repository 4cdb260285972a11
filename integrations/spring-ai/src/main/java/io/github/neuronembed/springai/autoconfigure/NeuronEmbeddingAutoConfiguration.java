package io.github.neuronembed.springai.autoconfigure;

import io.github.neuronembed.TextEmbedder;
import io.github.neuronembed.engine.EngineMetrics;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.springai.NeuronEmbeddingModel;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.observation.ObservationRegistry;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.embedding.observation.EmbeddingModelObservationConvention;
import org.springframework.ai.model.SpringAIModelProperties;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;

/**
 * A {@link TextEmbedder} and a {@link NeuronEmbeddingModel} with it, unless the application has an
 * {@link EmbeddingModel}, or {@code spring.ai.model.embedding} names another than {@code
 * neuron-embed}. If the application has an embedder, it is used. The embedder is closed with the
 * context, after accepted requests have ended; its meters are in the application's registry.
 */
@AutoConfiguration
@ConditionalOnProperty(
    name = SpringAIModelProperties.EMBEDDING_MODEL,
    havingValue = "neuron-embed",
    matchIfMissing = true)
@EnableConfigurationProperties(NeuronEmbeddingProperties.class)
public final class NeuronEmbeddingAutoConfiguration {

  /**
   * @throws IllegalStateException if {@code neuronembed.model-directory} is not set
   */
  @Bean(destroyMethod = "close")
  @ConditionalOnMissingBean({TextEmbedder.class, EmbeddingModel.class})
  TextEmbedder textEmbedder(
      NeuronEmbeddingProperties properties, ObjectProvider<MeterRegistry> meters) {
    if (properties.modelDirectory() == null) {
      throw new IllegalStateException(
          "neuronembed.model-directory is not set: name the folder of the model, or set"
              + " spring.ai.model.embedding to the model that is to be used.");
    }
    ModelDirectory model = ModelDirectory.open(properties.modelDirectory());
    return TextEmbedder.builder()
        .model(model)
        .backend(properties.backend())
        .precision(properties.precision())
        .truncation(properties.truncation())
        .engine(
            options -> {
              properties.engine().applyTo(options);
              meters.ifUnique(
                  registry -> options.listener(new EngineMetrics(registry, model.name())));
            })
        .build();
  }

  @Bean
  @ConditionalOnMissingBean(EmbeddingModel.class)
  NeuronEmbeddingModel neuronEmbeddingModel(
      TextEmbedder embedder,
      NeuronEmbeddingProperties properties,
      ObjectProvider<ObservationRegistry> observations,
      ObjectProvider<EmbeddingModelObservationConvention> convention) {
    return NeuronEmbeddingModel.builder(embedder)
        .textType(properties.textType())
        .metadataMode(properties.metadataMode())
        .observationRegistry(observations.getIfUnique(() -> ObservationRegistry.NOOP))
        .observationConvention(convention.getIfAvailable())
        .build();
  }
}
