package io.github.neuronembed;

import io.github.neuronembed.model.ModelDirectory;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;

/** The other real models that Maven Central carries, as directories with fp32 and int8. */
enum RealModel {
  E5_SMALL("e5-small-v2", 384, 12, 30522, 512, "mean_tokens", "query: ", "passage: "),
  ALL_MINILM("all-MiniLM-L6-v2", 384, 6, 30522, 256, "mean_tokens", "", ""),
  BGE_SMALL_ZH("bge-small-zh-v1.5", 512, 4, 21128, 512, "cls_token", "为这个句子生成表示以用于检索相关文章：", "");

  /** The model's name, and its golden vectors'. */
  final String title;

  private final String config;
  private final String pooling;
  private final String limit;
  private final String prompts;

  RealModel(
      String title,
      int hidden,
      int layers,
      int vocabulary,
      int limit,
      String pooling,
      String query,
      String passage) {
    this.title = title;
    this.config =
        """
        {"model_type": "bert", "hidden_size": %s, "max_position_embeddings": 512,
         "num_attention_heads": %s, "num_hidden_layers": %s, "pad_token_id": 0, "vocab_size": %s}
        """
            .formatted(hidden, hidden == 512 ? 8 : 12, layers, vocabulary);
    this.pooling = "{\"pooling_mode_%s\": true}".formatted(pooling);
    this.limit = "{\"max_seq_length\": %s}".formatted(limit);
    this.prompts =
        "{\"prompts\": {\"query\": \"%s\", \"document\": \"%s\"}}".formatted(query, passage);
  }

  /** Lays the directory out, once for all tests of a build; nobody writes to it. */
  synchronized ModelDirectory directory() throws IOException {
    Path folder = Path.of("target", title).toAbsolutePath();
    String file = "/" + title.toLowerCase(Locale.ROOT);
    write(folder.resolve("config.json"), config);
    write(
        folder.resolve("modules.json"),
        Objects.requireNonNull(BgeSmall.SETTINGS.get("modules.json")));
    write(folder.resolve("1_Pooling/config.json"), pooling);
    write(folder.resolve("sentence_bert_config.json"), limit);
    write(folder.resolve("config_sentence_transformers.json"), prompts);
    copy(file + "-tokenizer.json", folder.resolve("tokenizer.json"));
    copy(file + ".onnx", folder.resolve("onnx/model.onnx"));
    copy(file + "-q.onnx", folder.resolve("onnx/model_quantized.onnx"));
    return ModelDirectory.open(folder);
  }

  private static void write(Path file, String content) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, content);
  }

  private static void copy(String resource, Path target) throws IOException {
    if (!Files.exists(target)) {
      Files.createDirectories(target.getParent());
      try (InputStream in = RealModel.class.getResourceAsStream(resource)) {
        Files.copy(Objects.requireNonNull(in, resource), target);
      }
    }
  }
}
