package io.github.neuronembed.cli.bench.figures;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import io.github.neuronembed.model.TransformerDirectory;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import org.jspecify.annotations.Nullable;

/**
 * The dimensions of a BERT encoder that determine its floating point operations.
 *
 * @param hiddenSize of a token's vector
 * @param intermediateSize of the feed-forward layer
 * @param layers encoder layers
 */
public record EncoderSize(int hiddenSize, int intermediateSize, int layers) {

  /** Reads it; null if the model does not state it, or is not a BERT. */
  public static @Nullable EncoderSize of(TransformerDirectory model) {
    if (!model.modelType().equals("bert")) {
      return null;
    }
    try (Reader in = Files.newBufferedReader(model.tokenizerFile().resolveSibling("config.json"))) {
      JsonObject config = new Gson().fromJson(in, JsonObject.class);
      return new EncoderSize(
          model.hiddenSize(), config.get("intermediate_size").getAsInt(), model.hiddenLayers());
    } catch (IOException
        | JsonParseException
        | NullPointerException
        | UnsupportedOperationException e) {
      return null;
    }
  }

  /**
   * Operations of the matrix products of rows: in each layer 4·h² + 2·h·i weights for every token,
   * twice 2·s²·h for the attention of a row of s tokens. A multiplication with its addition counts
   * as two operations.
   *
   * @param tokens of all rows
   * @param squaredTokens sum of the squares of each row's tokens
   */
  public double flops(long tokens, long squaredTokens) {
    double weights = layers * (4.0 * hiddenSize * hiddenSize + 2.0 * hiddenSize * intermediateSize);
    return 2.0 * tokens * weights + 4.0 * squaredTokens * hiddenSize * layers;
  }
}
