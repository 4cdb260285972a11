package io.github.neuronembed;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.neuronembed.model.ModelDirectory;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * Small models with random weights, of the architectures that derive from BERT, and what they have
 * to give: made by {@code tools/golden/small_models.py}, which shares no code with what is tested.
 */
public enum SmallModel {
  /** Unigram tokens, positions behind the padding token's id, mean pooling, a query prefix. */
  XLM_ROBERTA("xlm-roberta"),
  /** Byte-level tokens, positions behind the padding token's id, CLS pooling. */
  ROBERTA("roberta"),
  /** WordPiece tokens, no token types, mean pooling. */
  DISTILBERT("distilbert"),
  /** As {@link #XLM_ROBERTA}, with another name and no prefix. */
  CAMEMBERT("camembert"),
  /** WordPiece tokens, two token types, embeddings that are projected, CLS pooling. */
  ELECTRA("electra"),
  /** Unigram tokens, no token types, a bias of attention by distance, mean pooling. */
  MPNET("mpnet"),
  /** WordPiece tokens, two token types; scores are logits. */
  BERT_RERANKER("bert-reranker"),
  /** Unigram tokens; scores are sigmoids of logits. */
  XLM_ROBERTA_RERANKER("xlm-roberta-reranker");

  private static final String FIRST = "onnx/model.onnx";

  /** The same weights, as another exporter writes the graph. */
  private static final String SECOND = "onnx/model_exported.onnx";

  private static final List<String> FILES =
      List.of(
          "config.json",
          "tokenizer.json",
          "tokenizer_config.json",
          "modules.json",
          "1_Pooling/config.json",
          "config_sentence_transformers.json",
          FIRST);

  private final String title;

  SmallModel(String title) {
    this.title = title;
  }

  /** Texts of an encoder. */
  public static List<SmallModel> encoders() {
    return List.of(XLM_ROBERTA, ROBERTA, DISTILBERT);
  }

  /** Texts of an encoder, with a file of one exporter, that runs on ONNX Runtime alone. */
  static List<SmallModel> onnxEncoders() {
    return List.of(CAMEMBERT, ELECTRA, MPNET);
  }

  /** All that have a file of a second exporter. */
  public static List<SmallModel> exportedTwice() {
    return Stream.concat(encoders().stream(), rerankers().stream()).toList();
  }

  /** Scorers of pairs. */
  public static List<SmallModel> rerankers() {
    return List.of(BERT_RERANKER, XLM_ROBERTA_RERANKER);
  }

  /**
   * A text and what the reference has for it.
   *
   * @param text the text, or the second of a pair
   * @param query the first of a pair; empty for a single text
   * @param tokens before any cut
   * @param ids as the model sees them
   * @param vector of a text; empty for a pair
   * @param logit of a pair
   */
  public record Golden(
      String id,
      InputType type,
      String text,
      String query,
      int tokens,
      List<Integer> ids,
      List<Float> vector,
      double logit) {

    /** {@link #ids} for a row. */
    public int[] idArray() {
      return ids.stream().mapToInt(Integer::intValue).toArray();
    }

    /** {@link #vector}, of length 1. */
    public float[] vectorArray() {
      float[] array = new float[vector.size()];
      for (int i = 0; i < array.length; i++) {
        array[i] = vector.get(i);
      }
      return array;
    }

    @Override
    public String toString() {
      return id;
    }
  }

  /** Writes the directory into a folder of the caller's. */
  public Path writeTo(Path folder) {
    for (String file : FILES) {
      try (InputStream in = resource(file)) {
        if (in != null) {
          Files.createDirectories(Objects.requireNonNull(folder.resolve(file).getParent()));
          Files.copy(in, folder.resolve(file));
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return folder;
  }

  /** Writes the file of another exporter in the place of the directory's own. */
  public Path writeSecondTo(Path folder) {
    writeTo(folder);
    try (InputStream in = Objects.requireNonNull(resource(SECOND))) {
      Files.copy(in, folder.resolve(FIRST), StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return folder;
  }

  private InputStream resource(String file) {
    return SmallModel.class.getResourceAsStream("small/" + title + "/" + file);
  }

  /** Writes and opens the directory of an encoder. */
  ModelDirectory open(Path folder) {
    return ModelDirectory.open(writeTo(folder));
  }

  /** What the reference has. */
  public List<Golden> golden() {
    try (InputStream in = Objects.requireNonNull(resource("golden.jsonl"))) {
      return new String(in.readAllBytes(), UTF_8).lines().map(SmallModel::golden).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Golden golden(String line) {
    JsonObject json = JsonParser.parseString(line).getAsJsonObject();
    JsonArray ids = json.getAsJsonArray("token_ids");
    return new Golden(
        json.get("id").getAsString(),
        json.has("type") && json.get("type").getAsString().equals("query")
            ? InputType.QUERY
            : InputType.PASSAGE,
        json.get("text").getAsString(),
        json.has("query") ? json.get("query").getAsString() : "",
        json.get("tokens").getAsInt(),
        List.of(new Gson().fromJson(ids, Integer[].class)),
        json.has("vector") ? vector(json.get("vector").getAsString()) : List.of(),
        json.has("logit") ? json.get("logit").getAsDouble() : Double.NaN);
  }

  private static List<Float> vector(String base64) {
    ByteBuffer bytes =
        ByteBuffer.wrap(Base64.getDecoder().decode(base64)).order(ByteOrder.LITTLE_ENDIAN);
    List<Float> vector = new ArrayList<>();
    while (bytes.hasRemaining()) {
      vector.add(bytes.getFloat());
    }
    return vector;
  }
}
