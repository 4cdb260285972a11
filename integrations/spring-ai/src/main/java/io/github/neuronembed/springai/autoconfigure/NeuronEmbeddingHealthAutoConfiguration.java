package io.github.neuronembed.springai.autoconfigure;

import io.github.neuronembed.TextEmbedder;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;

/**
 * The health of the application's {@link TextEmbedder}, if the application has Spring Boot's
 * health. {@code management.health.neuronembed.enabled=false} switches it off.
 */
@AutoConfiguration(after = NeuronEmbeddingAutoConfiguration.class)
@ConditionalOnClass({HealthIndicator.class, ConditionalOnEnabledHealthIndicator.class})
@ConditionalOnSingleCandidate(TextEmbedder.class)
@ConditionalOnEnabledHealthIndicator("neuronembed")
public final class NeuronEmbeddingHealthAutoConfiguration {

  @Bean
  @ConditionalOnMissingBean(name = "neuronembedHealthIndicator")
  HealthIndicator neuronembedHealthIndicator(TextEmbedder embedder) {
    return new NeuronEmbeddingHealthIndicator(
        embedder::health, embedder.modelName(), embedder.backend());
  }
}
