package io.github.neuronembed.springai.autoconfigure;

import io.github.neuronembed.Reranker;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;

/**
 * The health of the application's {@link Reranker}, where the application has Spring Boot's health.
 * {@code management.health.neuronembed-reranker.enabled=false} switches it off.
 */
@AutoConfiguration(after = NeuronRerankerAutoConfiguration.class)
@ConditionalOnClass({HealthIndicator.class, ConditionalOnEnabledHealthIndicator.class})
@ConditionalOnSingleCandidate(Reranker.class)
@ConditionalOnEnabledHealthIndicator("neuronembed-reranker")
public final class NeuronRerankerHealthAutoConfiguration {

  @Bean
  @ConditionalOnMissingBean(name = "neuronembedRerankerHealthIndicator")
  HealthIndicator neuronembedRerankerHealthIndicator(Reranker reranker) {
    return new NeuronEmbeddingHealthIndicator(
        reranker::health, reranker.modelName(), reranker.backend());
  }
}
