package io.github.neuronembed.model;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/**
 * A model directory for tests, written by hand: a tiny BERT with CLS pooling, vectors of length 1,
 * a query prefix, 32 tokens a text, and a WordPiece vocabulary of {@value #VOCABULARY} tokens.
 */
public final class ModelFolder {

  /** Tokens of the tiny vocabulary. */
  public static final int VOCABULARY = 104;

  /** What the tiny model puts before a query. */
  public static final String QUERY_PREFIX = "query: ";

  private final Path folder;

  private ModelFolder(Path folder) {
    this.folder = folder;
  }

  /** A directory that is there. */
  public static ModelFolder of(Path folder) {
    return new ModelFolder(folder);
  }

  /** Writes a complete directory. */
  public static ModelFolder complete(Path folder) {
    return new ModelFolder(folder)
        .write(
            "config.json",
            """
            {"model_type": "bert", "hidden_size": 8, "num_hidden_layers": 2,
             "num_attention_heads": 2, "vocab_size": %s, "max_position_embeddings": 64,
             "pad_token_id": 0}
            """
                .formatted(VOCABULARY))
        .write(
            "modules.json",
            """
            [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
             {"idx": 1, "name": "1", "path": "1_Pooling",
              "type": "sentence_transformers.models.Pooling"},
             {"idx": 2, "name": "2", "path": "2_Normalize",
              "type": "sentence_transformers.models.Normalize"}]
            """)
        .write(
            "1_Pooling/config.json",
            """
            {"word_embedding_dimension": 8, "pooling_mode_cls_token": true,
             "pooling_mode_mean_tokens": false, "pooling_mode_max_tokens": false}
            """)
        .write("sentence_bert_config.json", "{\"max_seq_length\": 32, \"do_lower_case\": true}")
        .write(
            "config_sentence_transformers.json",
            "{\"prompts\": {\"query\": \"%s\", \"document\": \"\"}}".formatted(QUERY_PREFIX))
        .write(
            "tokenizer_config.json",
            "{\"model_max_length\": 1000000000000000019884624838656, \"pad_token\": \"[PAD]\"}")
        .write("tokenizer.json", tinyTokenizer());
  }

  private static String tinyTokenizer() {
    try (InputStream in =
        ModelFolder.class.getResourceAsStream(
            "/io/github/neuronembed/tokenizer/tiny-tokenizer.json")) {
      return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The folder. */
  public Path path() {
    return folder;
  }

  /** A file in it. */
  public Path path(String file) {
    return folder.resolve(file);
  }

  /** Writes a file over whatever is there. */
  public ModelFolder write(String file, String content) {
    return write(file, content.getBytes(StandardCharsets.UTF_8));
  }

  /** Writes a file over whatever is there. */
  public ModelFolder write(String file, byte[] content) {
    try {
      Files.createDirectories(path(file).getParent());
      // ext4 waits for the disk where a file is cut to nothing and written again.
      Files.deleteIfExists(path(file));
      Files.write(path(file), content);
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What is in a file. */
  public String read(String file) {
    try {
      return Files.readString(path(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Deletes a file. */
  public ModelFolder delete(String file) {
    try {
      Files.delete(path(file));
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Sets a member of the JSON object that a file holds. */
  public ModelFolder set(String file, String key, String json) {
    JsonObject object = JsonParser.parseString(read(file)).getAsJsonObject();
    object.add(key, JsonParser.parseString(json));
    return write(file, object.toString());
  }

  /** Removes a member of the JSON object that a file holds. */
  public ModelFolder remove(String file, String key) {
    JsonObject object = JsonParser.parseString(read(file)).getAsJsonObject();
    object.remove(key);
    return write(file, object.toString());
  }

  /** Opens it. */
  public ModelDirectory open() {
    return ModelDirectory.open(folder);
  }
}
