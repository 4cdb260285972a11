package io.github.neuronembed;

import io.github.neuronembed.backend.InferenceBackend;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.engine.EmbeddingEngine;
import io.github.neuronembed.engine.EngineHealth;
import io.github.neuronembed.engine.EngineOptions;
import io.github.neuronembed.engine.EngineSnapshot;
import io.github.neuronembed.engine.VectorReader;
import java.util.function.Consumer;

/** A model that an engine serves on a backend: what embedders and rerankers have in common. */
abstract class RunningModel implements AutoCloseable {

  final InferenceBackend backend;
  final EmbeddingEngine engine;
  private final String modelName;
  private final Runnable closeTokenizer;

  /**
   * @param engine owned by this, with the backend that it was started on
   * @param closeTokenizer called by each close, after the engine's
   */
  RunningModel(
      String modelName, InferenceBackend backend, EmbeddingEngine engine, Runnable closeTokenizer) {
    this.modelName = modelName;
    this.backend = backend;
    this.engine = engine;
    this.closeTokenizer = closeTokenizer;
  }

  /** Starts an engine whose options suit the backend, but for an application's changes. */
  static EmbeddingEngine start(
      InferenceBackend backend,
      VectorReader reader,
      int vocabularySize,
      Consumer<EngineOptions.Builder> changes) {
    EngineOptions.Builder options =
        EngineOptions.builder().slotsPerReplica(backend.slotsPerReplica());
    changes.accept(options);
    return EmbeddingEngine.start(backend, reader, vocabularySize, options.build());
  }

  /** Tokens of the longest row that a backend serves. */
  static int longestRow(InferenceBackend backend) {
    return backend.shapes().stream().mapToInt(Shape::sequenceLength).max().orElseThrow();
  }

  /** Frees what a failed build had opened; a further failure is suppressed in the first. */
  static void closeAfter(Throwable failure, Runnable close) {
    try {
      close.run();
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
  }

  /**
   * Executes every shape on every core once, so that no request pays for one-time work. Waits for
   * slots that are in use.
   *
   * @throws InferenceException if an execution failed
   * @throws DeviceFailureException if a core failed; it leaves the rotation
   */
  public void warmUp() {
    engine.warmUp();
  }

  /** The model's name, for example {@code bge-small-en-v1.5}. */
  public String modelName() {
    return modelName;
  }

  /** For people: the backend, its version and its devices. */
  public String backend() {
    return backend.description();
  }

  /** Whether all, some or none of the cores serve, and why. */
  public EngineHealth health() {
    return engine.health();
  }

  /** What the engine has done so far. */
  public EngineSnapshot snapshot() {
    return engine.snapshot();
  }

  /**
   * Lets accepted requests end, within the engine's close timeout, and frees everything. Does
   * nothing when it is closed already.
   */
  @Override
  public void close() {
    try {
      engine.close();
    } finally {
      closeTokenizer.run();
    }
  }
}
