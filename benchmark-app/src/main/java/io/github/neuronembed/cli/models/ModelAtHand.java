package io.github.neuronembed.cli.models;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The real bge-small-en-v1.5, which comes with the command line as two jars (fp32 and int8) of the
 * LangChain4j project, laid out as a model directory in a cache at first use.
 *
 * <p>The cache is {@code NEURON_EMBED_CACHE}, else {@code XDG_CACHE_HOME/neuron-embed}, else {@code
 * ~/.cache/neuron-embed}. A directory appears there only when it is complete.
 */
final class ModelAtHand {

  static final String NAME = "bge-small-en-v1.5";

  /** Part of the parent folder's name: another layout gets another folder. */
  private static final int LAYOUT = 1;

  private static final Map<String, String> FILES = new LinkedHashMap<>();

  static {
    for (String settings :
        new String[] {
          "config.json",
          "modules.json",
          "1_Pooling/config.json",
          "config_sentence_transformers.json",
          "sentence_bert_config.json",
          "tokenizer_config.json",
          "special_tokens_map.json"
        }) {
      FILES.put(settings, "/io/github/neuronembed/cli/models/" + NAME + "/" + settings);
    }
    FILES.put("tokenizer.json", "/bge-small-en-v1.5-tokenizer.json");
    FILES.put("onnx/model.onnx", "/bge-small-en-v1.5.onnx");
    FILES.put("onnx/model_quantized.onnx", "/bge-small-en-v1.5-q.onnx");
  }

  private ModelAtHand() {}

  /** The model directory; made now if it is not there or not whole. */
  static Path directory() {
    return directory(cache());
  }

  static Path directory(Path cache) {
    Path directory = cache.resolve("models-" + LAYOUT).resolve(NAME);
    try {
      if (isWhole(directory)) {
        return directory;
      }
      Path parent = Files.createDirectories(directory.getParent());
      Path partial = Files.createTempDirectory(parent, NAME + ".partial");
      try {
        for (Map.Entry<String, String> file : FILES.entrySet()) {
          Path target = partial.resolve(file.getKey());
          Files.createDirectories(target.getParent());
          try (InputStream in = resource(file.getValue())) {
            Files.copy(in, target);
          }
        }
        if (Files.exists(directory)) {
          delete(directory);
        }
        try {
          Files.move(partial, directory, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileAlreadyExistsException | DirectoryNotEmptyException e) {
          // Another process was faster; its directory is as good.
        }
      } finally {
        delete(partial);
      }
      return directory;
    } catch (IOException e) {
      String reason = e instanceof FileSystemException f ? f.getClass().getSimpleName() : "" + e;
      throw new UncheckedIOException(
          new IOException(
              "The model %s cannot be laid out in %s (%s). Set NEURON_EMBED_CACHE to a folder with 180 MB of room."
                  .formatted(NAME, cache, reason),
              e));
    }
  }

  private static Path cache() {
    String own = System.getenv("NEURON_EMBED_CACHE");
    if (own != null && !own.isEmpty()) {
      return Path.of(own).toAbsolutePath();
    }
    String xdg = System.getenv("XDG_CACHE_HOME");
    Path caches =
        xdg != null && !xdg.isEmpty()
            ? Path.of(xdg)
            : Path.of(System.getProperty("user.home"), ".cache");
    return caches.resolve("neuron-embed").toAbsolutePath();
  }

  /** A file of another length than the one that comes with us was damaged after it was written. */
  private static boolean isWhole(Path directory) throws IOException {
    for (Map.Entry<String, String> file : FILES.entrySet()) {
      Path target = directory.resolve(file.getKey());
      if (!Files.isRegularFile(target)
          || Files.size(target) != url(file.getValue()).openConnection().getContentLengthLong()) {
        return false;
      }
    }
    return true;
  }

  private static URL url(String resource) throws IOException {
    URL url = ModelAtHand.class.getResource(resource);
    if (url == null) {
      throw new IOException(resource + " is not on the class path");
    }
    return url;
  }

  private static InputStream resource(String name) throws IOException {
    return url(name).openStream();
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
