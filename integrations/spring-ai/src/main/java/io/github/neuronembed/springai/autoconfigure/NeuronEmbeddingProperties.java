package io.github.neuronembed.springai.autoconfigure;

import io.github.neuronembed.BackendChoice;
import io.github.neuronembed.InputType;
import io.github.neuronembed.TruncationPolicy;
import io.github.neuronembed.engine.EngineOptions;
import io.github.neuronembed.model.Precision;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.document.MetadataMode;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The properties {@code neuronembed.*}.
 *
 * @param modelDirectory Folder of the model, in the layout of a Hugging Face repository. Required
 *     unless the application has a TextEmbedder bean.
 * @param backend The backend. AUTO uses NeuronCores if the machine has them and the model is
 *     compiled for them, else the CPU.
 * @param precision The precision on a CPU.
 * @param truncation The policy for a text with more tokens than the model's limit.
 * @param textType The input type of a single string in EmbeddingModel.embed(String), with which
 *     vector stores embed search texts.
 * @param metadataMode The metadata of a document that are embedded with its text.
 * @param engine The options of the engine.
 */
@ConfigurationProperties("neuronembed")
public record NeuronEmbeddingProperties(
    @Nullable Path modelDirectory,
    @DefaultValue("AUTO") BackendChoice backend,
    @DefaultValue("EXACT") Precision precision,
    @DefaultValue("TRUNCATE") TruncationPolicy truncation,
    @DefaultValue("QUERY") InputType textType,
    @DefaultValue("NONE") MetadataMode metadataMode,
    @DefaultValue Engine engine) {

  /**
   * The properties {@code neuronembed.engine.*}; missing ones have the engine's defaults.
   *
   * @param slotsPerReplica Executions of a replica in flight at once; the default depends on the
   *     backend.
   * @param maxQueuedRequests Maximum number of waiting requests per lane; default 2048.
   * @param maxQueuedTokens Maximum number of waiting tokens per lane; default 500000.
   * @param batchWait How long a free slot waits for more texts if a batch is not full; default 0.
   * @param bulkShare Minimum share of the tokens that bulk work gets while queries wait too, 0 to
   *     1; default 0.1.
   * @param closeTimeout How long closing waits for accepted requests; default 30 s.
   */
  public record Engine(
      @Nullable Integer slotsPerReplica,
      @Nullable Integer maxQueuedRequests,
      @Nullable Long maxQueuedTokens,
      @Nullable Duration batchWait,
      @Nullable Double bulkShare,
      @Nullable Duration closeTimeout) {

    void applyTo(EngineOptions.Builder options) {
      if (slotsPerReplica != null) {
        options.slotsPerReplica(slotsPerReplica);
      }
      if (maxQueuedRequests != null) {
        options.maxQueuedRequests(maxQueuedRequests);
      }
      if (maxQueuedTokens != null) {
        options.maxQueuedTokens(maxQueuedTokens);
      }
      if (batchWait != null) {
        options.batchWait(batchWait);
      }
      if (bulkShare != null) {
        options.bulkShare(bulkShare);
      }
      if (closeTimeout != null) {
        options.closeTimeout(closeTimeout);
      }
    }
  }
}
