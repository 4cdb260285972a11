package io.github.neuronembed.spark;

import io.github.neuronembed.BackendChoice;
import io.github.neuronembed.BackendUnavailableException;
import io.github.neuronembed.TextEmbedder;
import io.github.neuronembed.TextEmbedderBuilder;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.Precision;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.spark.SparkFiles;

/**
 * The engines of this JVM, which is an executor or a local driver: one for each model, backend and
 * precision, for all tasks. Policies and types of text do not need separate engines.
 */
final class ExecutorEngines {

  private record Key(Path model, BackendChoice backend, Precision precision) {}

  private static final Map<Key, TextEmbedder> OPEN = new ConcurrentHashMap<>();
  private static final ReentrantLock OPENING = new ReentrantLock();

  static {
    // An executor ends with its JVM; accepted requests end first, and the cores are released.
    Runtime.getRuntime()
        .addShutdownHook(new Thread(ExecutorEngines::closeAll, "neuron-embed-close"));
  }

  private ExecutorEngines() {}

  /**
   * The engine of these settings. The first caller opens it, and the others wait.
   *
   * @throws IllegalStateException if this executor's NeuronCores serve another model, or if the
   *     NeuronCores that Spark assigned cannot be used together
   * @throws io.github.neuronembed.EmbeddingException if it cannot be opened
   */
  static TextEmbedder get(EmbeddingSettings settings) {
    Key key =
        new Key(
            Path.of(SparkFiles.getRootDirectory()).resolve(settings.model()).toAbsolutePath(),
            settings.backend(),
            settings.precision());
    TextEmbedder open = OPEN.get(key);
    return open != null ? open : open(key);
  }

  private static TextEmbedder open(Key key) {
    OPENING.lock();
    try {
      TextEmbedder open = OPEN.get(key);
      if (open == null) {
        open = build(key);
        OPEN.put(key, open);
      }
      return open;
    } finally {
      OPENING.unlock();
    }
  }

  private static TextEmbedder build(Key key) {
    TextEmbedderBuilder builder =
        TextEmbedder.builder()
            .model(ModelDirectory.open(key.model))
            .backend(key.backend)
            .precision(key.precision);
    try {
      builder.visibleCores(ExecutorCores.visible());
    } catch (IllegalArgumentException e) {
      throw new IllegalStateException(
          "Spark assigned NeuronCores that are not neighbours. Make the discovery"
              + " script assign an executor's cores as one unit: NEURON_CORES_PER_ADDRESS.",
          e);
    }
    try {
      return builder.build();
    } catch (IllegalStateException | BackendUnavailableException e) {
      if (OPEN.keySet().stream().allMatch(open -> open.backend == BackendChoice.ONNX)) {
        throw e;
      }
      throw new IllegalStateException(
          ("An executor's NeuronCores serve one model, and this one has %s open: %s."
                  + " Run %s in a separate application, or with the backend ONNX.")
              .formatted(models(), e.getMessage(), key.model),
          e);
    }
  }

  private static List<String> models() {
    return OPEN.keySet().stream()
        .map(key -> "%s (%s, %s)".formatted(key.model, key.backend, key.precision))
        .toList();
  }

  /** Closes all open engines; later requests open them again. */
  static void closeAll() {
    RuntimeException failure = null;
    OPENING.lock();
    try {
      Map<Key, TextEmbedder> open = new HashMap<>(OPEN);
      OPEN.clear();
      for (TextEmbedder embedder : open.values()) {
        try {
          embedder.close();
        } catch (RuntimeException e) {
          failure = failure == null ? e : failure;
        }
      }
    } finally {
      OPENING.unlock();
    }
    if (failure != null) {
      throw failure;
    }
  }
}
