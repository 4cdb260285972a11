package io.github.neuronembed.engine;

/** A thread of an engine: it must not wait for its own engine. */
final class EngineThread extends Thread {

  final EmbeddingEngine engine;

  EngineThread(EmbeddingEngine engine, Runnable task, String name) {
    super(task, name);
    this.engine = engine;
    setDaemon(true);
  }
}
