package io.github.neuronembed;

import io.github.neuronembed.model.ModelDirectory;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;

/** The real bge-small-en-v1.5 as a model directory, laid out once for all tests of a build. */
public final class BgeSmall {

  /** The settings of the directory, by file. */
  public static final Map<String, String> SETTINGS =
      Map.of(
          "config.json",
          """
          {"_name_or_path": "BAAI/bge-small-en-v1.5", "model_type": "bert", "hidden_size": 384,
           "max_position_embeddings": 512, "num_attention_heads": 12, "num_hidden_layers": 12,
           "pad_token_id": 0, "vocab_size": 30522}
          """,
          "modules.json",
          """
          [{"idx": 0, "path": "", "type": "sentence_transformers.models.Transformer"},
           {"idx": 1, "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
           {"idx": 2, "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}]
          """,
          "1_Pooling/config.json",
          """
          {"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false}
          """,
          "config_sentence_transformers.json",
          """
          {"prompts": {"query": "Represent this sentence for searching relevant passages: ",
           "document": ""}}
          """);

  private static final Path FOLDER = Path.of("target", "bge-small-en-v1.5").toAbsolutePath();

  private static final Path QUANTIZED_FOLDER =
      Path.of("target", "bge-small-en-v1.5-quantized").toAbsolutePath();

  private BgeSmall() {}

  /** The directory; nobody writes to it. */
  public static synchronized Path directory() {
    try {
      write(FOLDER);
      resource("/bge-small-en-v1.5.onnx", FOLDER.resolve("onnx/model.onnx"));
      return FOLDER;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** An embedder of it on ONNX Runtime, as it is by default; the caller closes it. */
  public static TextEmbedder open(TruncationPolicy truncation) {
    return TextEmbedder.builder()
        .model(ModelDirectory.open(directory()))
        .backend(BackendChoice.ONNX)
        .truncation(truncation)
        .build();
  }

  /** A directory with the int8 model alone; nobody writes to it. */
  public static synchronized Path quantizedDirectory() {
    try {
      write(QUANTIZED_FOLDER);
      resource("/bge-small-en-v1.5-q.onnx", QUANTIZED_FOLDER.resolve("onnx/model_quantized.onnx"));
      return QUANTIZED_FOLDER;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes settings and tokenizer, without a model. */
  public static void write(Path folder) throws IOException {
    for (Map.Entry<String, String> file : SETTINGS.entrySet()) {
      Path path = folder.resolve(file.getKey());
      Files.createDirectories(path.getParent());
      Files.writeString(path, file.getValue());
    }
    resource("/bge-small-en-v1.5-tokenizer.json", folder.resolve("tokenizer.json"));
  }

  private static void resource(String name, Path target) throws IOException {
    if (!Files.exists(target)) {
      Files.createDirectories(target.getParent());
      try (InputStream in = BgeSmall.class.getResourceAsStream(name)) {
        Files.copy(Objects.requireNonNull(in, name), target);
      }
    }
  }
}
