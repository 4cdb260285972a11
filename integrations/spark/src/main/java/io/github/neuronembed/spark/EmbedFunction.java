package io.github.neuronembed.spark;

import io.github.neuronembed.TextEmbedder;
import io.github.neuronembed.engine.RequestOptions;
import org.apache.spark.sql.api.java.UDF1;
import org.jspecify.annotations.Nullable;

/** Embeds the text of one row. */
record EmbedFunction(EmbeddingSettings settings)
    implements UDF1<@Nullable String, float @Nullable []> {

  @Override
  public float @Nullable [] call(@Nullable String text) {
    if (text == null) {
      return null;
    }
    TextEmbedder embedder = ExecutorEngines.get(settings);
    return EmbedPartition.await(
        embedder.embedTokensAsync(
            embedder.tokenize(text, settings.inputType(), settings.truncation()),
            RequestOptions.BULK));
  }
}
