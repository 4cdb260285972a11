package io.github.neuronembed.springai.autoconfigure;

import io.github.neuronembed.Reranker;
import io.github.neuronembed.springai.NeuronDocumentPostProcessor;
import org.springframework.ai.rag.postretrieval.document.DocumentPostProcessor;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;

/**
 * A {@link NeuronDocumentPostProcessor} over the application's {@link Reranker}, where the
 * application has Spring AI's retrieval-augmented generation ({@code spring-ai-rag}).
 */
@AutoConfiguration(after = NeuronRerankerAutoConfiguration.class)
@ConditionalOnClass(DocumentPostProcessor.class)
@ConditionalOnSingleCandidate(Reranker.class)
@EnableConfigurationProperties(NeuronRerankerProperties.class)
public final class NeuronDocumentPostProcessorAutoConfiguration {

  @Bean
  @ConditionalOnMissingBean
  NeuronDocumentPostProcessor neuronDocumentPostProcessor(
      Reranker reranker, NeuronRerankerProperties properties) {
    NeuronDocumentPostProcessor.Builder builder =
        NeuronDocumentPostProcessor.builder(reranker)
            .minScore(properties.minScore())
            .metadataMode(properties.metadataMode());
    if (properties.topN() != null) {
      builder.topN(properties.topN());
    }
    return builder.build();
  }
}
