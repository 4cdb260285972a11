package io.github.neuronembed.golden;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.annotations.SerializedName;
import io.github.neuronembed.InputType;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The golden vectors of one model.
 *
 * @param model the model's repository, for example {@code BAAI/bge-small-en-v1.5}
 * @param dimension length of a vector
 * @param maxTokens the truncation limit they were made with
 * @param queryPrefix what they were made with before a query; empty for nothing
 * @param passagePrefix what they were made with before a passage; empty for nothing
 * @param texts the texts and their vectors
 */
public record GoldenVectors(
    String model,
    int dimension,
    int maxTokens,
    String queryPrefix,
    String passagePrefix,
    List<GoldenText> texts) {

  /** The golden vectors that ship with the library, if there are any for the model. */
  public static Optional<GoldenVectors> of(String modelName) {
    InputStream in = GoldenVectors.class.getResourceAsStream(modelName + ".jsonl");
    if (in == null) {
      return Optional.empty();
    }
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      Gson gson = new Gson();
      Header header = gson.fromJson(lines.readLine(), Header.class);
      List<GoldenText> texts = new ArrayList<>();
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        Line one = gson.fromJson(line, Line.class);
        texts.add(
            new GoldenText(
                one.id,
                InputType.valueOf(one.type.toUpperCase(Locale.ROOT)),
                one.text,
                one.tokens,
                one.truncated,
                one.tokenIds,
                vector(one.vector)));
      }
      return Optional.of(
          new GoldenVectors(
              header.model,
              header.dimension,
              header.maxTokens,
              header.queryPrefix,
              header.passagePrefix,
              List.copyOf(texts)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Numbers, or base64 of little-endian float32. */
  private static float[] vector(JsonElement stored) {
    if (stored.isJsonArray()) {
      return new Gson().fromJson(stored, float[].class);
    }
    byte[] bytes = Base64.getDecoder().decode(stored.getAsString());
    float[] vector = new float[bytes.length / Float.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(vector);
    return vector;
  }

  @SuppressWarnings("NullAway.Init") // filled by Gson from a file that ships with the library
  private static final class Header {
    String model;
    int dimension;

    @SerializedName("max_tokens")
    int maxTokens;

    @SerializedName("query_prefix")
    String queryPrefix;

    @SerializedName("passage_prefix")
    String passagePrefix = "";
  }

  @SuppressWarnings("NullAway.Init") // as above
  private static final class Line {
    String id;
    String type;
    String text;
    int tokens;
    boolean truncated;

    @SerializedName("token_ids")
    int[] tokenIds;

    JsonElement vector;
  }
}
