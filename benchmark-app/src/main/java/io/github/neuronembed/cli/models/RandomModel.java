package io.github.neuronembed.cli.models;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import io.github.neuronembed.cli.Folders;
import io.github.neuronembed.model.graph.BertShape;
import io.github.neuronembed.model.graph.RandomBertModel;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.UUID;

/**
 * Writes a model directory of a bge model's size with random weights, for timing where the real one
 * is not available. Tokenizer, pooling, prefix and length are those of the bge models, taken from
 * the built-in model; the folder's name and {@code config.json} say that the weights are random.
 */
final class RandomModel {

  /** The key of {@code config.json} that holds what kind of weights these are. */
  static final String WEIGHTS = "weights";

  private static final String[] COPIED = {
    "modules.json",
    "config_sentence_transformers.json",
    "sentence_bert_config.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "tokenizer.json"
  };

  private RandomModel() {}

  /**
   * Writes a model. The folder gets its final name when it is complete.
   *
   * @param folder the folder to create; its name becomes the model's
   * @param shape the model's size; its vocabulary is that of the built-in model
   * @param seed the same seed gives the same model
   * @param atHand the directory of the built-in model
   * @throws FileAlreadyExistsException if the folder already exists
   * @throws IOException if it cannot be written
   */
  static void write(Path folder, BertShape shape, long seed, Path atHand) throws IOException {
    Path target = folder.toAbsolutePath().normalize();
    if (Files.exists(target)) {
      throw new FileAlreadyExistsException(target.toString());
    }
    Path parent = target.getParent();
    Path name = target.getFileName();
    if (parent == null || name == null) {
      throw new IOException("The folder %s cannot be created.".formatted(folder));
    }
    Folders.make(parent);
    Path partial =
        Files.createDirectory(parent.resolve("%s.%s.partial".formatted(name, UUID.randomUUID())));
    try {
      for (String file : COPIED) {
        Files.copy(atHand.resolve(file), partial.resolve(file));
      }
      write(partial.resolve("config.json"), config(name.toString(), shape, seed));
      write(partial.resolve("1_Pooling/config.json"), pooling(shape));
      Path model = partial.resolve("onnx/model.onnx");
      Files.createDirectories(model.getParent());
      RandomBertModel.write(model, shape, seed);
      Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Folders.delete(partial);
    }
  }

  private static JsonObject config(String name, BertShape shape, long seed) {
    JsonObject config = new JsonObject();
    config.addProperty("_name_or_path", name);
    config.addProperty(WEIGHTS, RandomBertModel.LABEL);
    config.addProperty("seed", seed);
    config.addProperty("model_type", "bert");
    config.addProperty("hidden_act", "gelu");
    config.addProperty("hidden_size", shape.hiddenSize());
    config.addProperty("intermediate_size", shape.intermediateSize());
    config.addProperty("max_position_embeddings", shape.positions());
    config.addProperty("num_attention_heads", shape.heads());
    config.addProperty("num_hidden_layers", shape.layers());
    config.addProperty("pad_token_id", 0);
    config.addProperty("type_vocab_size", 2);
    config.addProperty("vocab_size", shape.vocabularySize());
    return config;
  }

  private static JsonObject pooling(BertShape shape) {
    JsonObject pooling = new JsonObject();
    pooling.addProperty("word_embedding_dimension", shape.hiddenSize());
    pooling.addProperty("pooling_mode_cls_token", true);
    pooling.addProperty("pooling_mode_mean_tokens", false);
    return pooling;
  }

  private static void write(Path file, JsonObject content) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, new GsonBuilder().setPrettyPrinting().create().toJson(content) + "\n");
  }
}
