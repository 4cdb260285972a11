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
 * @param backend What computes. AUTO takes NeuronCores where the machine and the model directory
 *     have them, else ONNX Runtime.
 * @param precision What a CPU computes with.
 * @param truncation What happens to a text with more tokens than the model takes.
 * @param textType What a lone string is, as in EmbeddingModel.embed(String): vector stores embed so
 *     what they search for.
 * @param metadataMode Which of a document's metadata is embedded with its text.
 * @param engine How the engine works.
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
   * The properties {@code neuronembed.engine.*}; what is not set is as the engine's own defaults.
   *
   * @param slotsPerReplica Executions of a replica under way at once. Unless set, what suits the
   *     backend.
   * @param maxQueuedRequests Most requests that wait in a lane; 2048 unless set.
   * @param maxQueuedTokens Most tokens that wait in a lane; 500000 unless set.
   * @param batchWait How long a free slot waits for company for a batch that is not full; not at
   *     all unless set.
   * @param bulkShare Part of the tokens that bulk work gets at least while queries wait too, 0 to
   *     1; 0.1 unless set.
   * @param closeTimeout How long closing lets accepted requests end; 30 s unless set.
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
