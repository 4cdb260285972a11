package io.github.neuronembed.engine;

import io.github.neuronembed.InferenceException;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.engine.core.Core;
import io.github.neuronembed.engine.core.Cores;
import io.github.neuronembed.engine.core.Slot;
import java.util.ArrayList;
import java.util.List;

/** Executes every shape on every slot once, all cores in parallel. */
final class WarmUp {

  private final Dispatcher dispatcher;
  private final Cores cores;
  private final List<Shape> shapes;
  private final List<Throwable> failures = new ArrayList<>();

  WarmUp(Dispatcher dispatcher, Cores cores, List<Shape> shapes) {
    this.dispatcher = dispatcher;
    this.cores = cores;
    this.shapes = shapes;
  }

  /** Throws the first failure. */
  void run() {
    List<Thread> warming = new ArrayList<>();
    for (Core core : cores.all()) {
      Thread thread = new Thread(() -> run(core), "neuron-embed-warm-up-" + core.index());
      thread.setDaemon(true);
      thread.start();
      warming.add(thread);
    }
    try {
      for (Thread thread : warming) {
        thread.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InferenceException("Interrupted while warming up.", false, e);
    }
    synchronized (failures) {
      if (!failures.isEmpty()) {
        if (failures.get(0) instanceof Error error) {
          throw new InferenceException("Warming up failed: " + error, false, error);
        }
        throw Failures.forCaller((RuntimeException) failures.get(0));
      }
    }
  }

  private void run(Core core) {
    try {
      for (Slot slot : cores.slots()) {
        if (slot.core == core) {
          shapes.forEach(shape -> dispatcher.warmUp(slot.index, shape));
        }
      }
    } catch (RuntimeException | Error e) {
      synchronized (failures) {
        failures.add(e);
      }
    }
  }
}
