package io.github.neuronembed.springai.autoconfigure;

import io.github.neuronembed.BackendChoice;
import io.github.neuronembed.TruncationPolicy;
import io.github.neuronembed.model.Precision;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.document.MetadataMode;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The properties {@code neuronembed.reranker.*}.
 *
 * @param modelDirectory Folder of the cross-encoder, in the layout of a Hugging Face repository.
 *     Without it there is no reranker, unless the application has a Reranker bean.
 * @param backend What runs it. AUTO: NeuronCores if the machine has them, no embedder uses them and
 *     the model is compiled for them, else ONNX Runtime.
 * @param precision What it computes with on a CPU: fp32 or int8.
 * @param truncation What happens to a pair with more tokens than the model takes.
 * @param topN The most documents that the post-processor keeps; all unless set.
 * @param minScore The least score of a document that it keeps; none unless set.
 * @param metadataMode Which of a document's metadata is scored with its text.
 */
@ConfigurationProperties("neuronembed.reranker")
public record NeuronRerankerProperties(
    @Nullable Path modelDirectory,
    @DefaultValue("AUTO") BackendChoice backend,
    @DefaultValue("FP32") Precision precision,
    @DefaultValue("TRUNCATE") TruncationPolicy truncation,
    @Nullable Integer topN,
    @Nullable Double minScore,
    @DefaultValue("NONE") MetadataMode metadataMode) {}
