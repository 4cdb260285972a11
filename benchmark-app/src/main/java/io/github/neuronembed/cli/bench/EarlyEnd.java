package io.github.neuronembed.cli.bench;

import io.github.neuronembed.cli.bench.measure.StopSignal;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Handles Ctrl-C during a run: the workers end, and the reports of what was measured are written
 * before the process ends. Close it when everything is written.
 */
final class EarlyEnd implements AutoCloseable {

  private static final long EXIT_PATIENCE_SECONDS = 30;

  private final StopSignal signal = new StopSignal();
  private final CountDownLatch reported = new CountDownLatch(1);
  private final Thread onExit = new Thread(this::endEarly, "neuron-embed-bench-exit");

  private EarlyEnd() {}

  /** From now on, if the process receives a signal to end, it first waits for the reports. */
  static EarlyEnd onExit() {
    EarlyEnd end = new EarlyEnd();
    Runtime.getRuntime().addShutdownHook(end.onExit);
    return end;
  }

  /** Raised when the process receives a signal to end. */
  StopSignal signal() {
    return signal;
  }

  private void endEarly() {
    signal.request();
    try {
      if (!reported.await(EXIT_PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    reported.countDown();
    if (!signal.isRequested()) {
      try {
        Runtime.getRuntime().removeShutdownHook(onExit);
      } catch (IllegalStateException e) {
        // The process has just begun to end; the hook has nothing to wait for.
      }
    }
  }
}
