package io.github.neuronembed.springai.autoconfigure;

import io.github.neuronembed.Reranker;
import io.github.neuronembed.engine.EngineMetrics;
import io.github.neuronembed.model.CrossEncoderDirectory;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Objects;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;

/**
 * A {@link Reranker}, where {@code neuronembed.reranker.model-directory} is set and the application
 * has none of its own. It is closed with the context, which lets accepted requests end; its meters
 * go to the application's registry.
 */
@AutoConfiguration
@ConditionalOnProperty("neuronembed.reranker.model-directory")
@EnableConfigurationProperties(NeuronRerankerProperties.class)
public final class NeuronRerankerAutoConfiguration {

  @Bean(destroyMethod = "close")
  @ConditionalOnMissingBean
  Reranker reranker(NeuronRerankerProperties properties, ObjectProvider<MeterRegistry> meters) {
    CrossEncoderDirectory model =
        CrossEncoderDirectory.open(Objects.requireNonNull(properties.modelDirectory()));
    return Reranker.builder()
        .model(model)
        .backend(properties.backend())
        .precision(properties.precision())
        .truncation(properties.truncation())
        .engine(
            options ->
                meters.ifUnique(
                    registry -> options.listener(new EngineMetrics(registry, model.name()))))
        .build();
  }
}
