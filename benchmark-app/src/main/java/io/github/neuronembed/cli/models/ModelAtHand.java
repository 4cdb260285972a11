package io.github.neuronembed.cli.models;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.cli.Folders;
import io.github.neuronembed.model.CacheFolder;
import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.jar.JarEntry;
import java.util.stream.Stream;
import java.util.zip.CRC32;

/**
 * The real bge-small-en-v1.5, which comes with the command line as two jars (fp32 and int8) of the
 * LangChain4j project, laid out as a model directory in the {@link CacheFolder} at first use. A
 * directory appears there only when it is complete.
 */
final class ModelAtHand {

  static final String NAME = "bge-small-en-v1.5";

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
    return directory(CacheFolder.path());
  }

  static Path directory(Path cache) {
    try {
      Path parent = cache.resolve("models-" + contentHash());
      Path directory = parent.resolve(NAME);
      if (!isWhole(directory)) {
        Files.createDirectories(parent);
        // Of processes that start at once, one lays the model out and the others wait for it.
        try (FileChannel lock =
            FileChannel.open(
                parent.resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
          lock.lock();
          if (!isWhole(directory)) {
            layOut(parent, directory);
          }
        }
      }
      return directory;
    } catch (IOException e) {
      String reason =
          e instanceof FileSystemException f ? f.getClass().getSimpleName() : e.getMessage();
      throw new ModelLoadException(
          ("The model %s cannot be written to %s (%s). Set NEURON_EMBED_CACHE to a"
                  + " folder with 180 MB of free space.")
              .formatted(NAME, cache, reason),
          e);
    }
  }

  private static void layOut(Path parent, Path directory) throws IOException {
    // What a process left that was ended half way.
    try (Stream<Path> left = Files.list(parent)) {
      for (Path path : left.filter(Files::isDirectory).toList()) {
        Folders.delete(path);
      }
    }
    // Not a temporary file, which no other user could read: the cache may be shared.
    Path partial = Files.createDirectory(parent.resolve(NAME + ".partial-" + UUID.randomUUID()));
    try {
      for (Map.Entry<String, String> file : FILES.entrySet()) {
        Path target = partial.resolve(file.getKey());
        Files.createDirectories(target.getParent());
        try (InputStream in = url(file.getValue()).openStream()) {
          Files.copy(in, target);
        }
      }
      Files.move(partial, directory, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Folders.delete(partial);
    }
  }

  /**
   * Identifies the content of the files, so that another version of the program uses its own copy:
   * all bytes of our settings; size and checksum (from the jar's list) of the large files.
   */
  private static String contentHash() throws IOException {
    CRC32 hash = new CRC32();
    for (Map.Entry<String, String> file : FILES.entrySet()) {
      hash.update(file.getKey().getBytes(UTF_8));
      URLConnection connection = url(file.getValue()).openConnection();
      if (connection instanceof JarURLConnection jar) {
        JarEntry entry = jar.getJarEntry();
        hash.update("%s %s".formatted(entry.getSize(), entry.getCrc()).getBytes(UTF_8));
      } else {
        try (InputStream in = connection.getInputStream()) {
          hash.update(in.readAllBytes());
        }
      }
    }
    return String.format(Locale.ROOT, "%08x", hash.getValue());
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
}
