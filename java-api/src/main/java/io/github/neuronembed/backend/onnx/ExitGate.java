package io.github.neuronembed.backend.onnx;

import ai.onnxruntime.OrtException;
import io.github.neuronembed.InferenceException;
import java.io.File;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets calls into ONNX Runtime run until every exit hook of the application has ended, and makes
 * the end of the process wait for the last call.
 *
 * <p>Exit hooks run in parallel and in no order, and one of them may drain requests before it
 * closes its embedder: a hook of this library cannot know when the others have ended. But a process
 * deletes the files that were passed to {@link File#deleteOnExit} after all hooks of applications
 * (JDK 17 to 25: {@code java.io.DeleteOnExitHook}, "the last shutdown hook to be invoked"), and
 * takes the monitor of that class for it. So when the process ends, a thread of this library takes
 * this monitor. When the ending thread waits for it, the hooks have ended: the gate closes. When
 * the last call has returned, the monitor is released and the process continues to end. On a Java
 * version without this behaviour, the gate stays open and nothing waits.
 */
final class ExitGate {

  private static final Logger LOG = LoggerFactory.getLogger(ExitGate.class);
  private static final String LAST_HOOK = "java.io.DeleteOnExitHook";
  private static final long POLL_MILLIS = 10;

  private final AtomicInteger inFlight = new AtomicInteger();
  private final Runnable atEnd;
  private volatile boolean taken;
  private volatile boolean closed;

  /**
   * @param atEnd called after the last call, before the process ends
   */
  ExitGate(Runnable atEnd) {
    this.atEnd = atEnd;
  }

  /** A call into ONNX Runtime. */
  @FunctionalInterface
  interface Call {
    void run() throws OrtException;
  }

  /**
   * Makes a call that the end of the process waits for.
   *
   * @throws InferenceException if the process is at its very end
   */
  void call(Call call) throws OrtException {
    inFlight.incrementAndGet();
    try {
      if (closed) {
        throw new InferenceException("The process is ending; no more executions begin.", false);
      }
      call.run();
    } finally {
      inFlight.decrementAndGet();
    }
  }

  /** Blocks the end of this process. */
  void install() {
    try {
      Class<?> lastHook = Class.forName(LAST_HOOK);
      // The hook exists once a file was passed; this file never exists.
      File none = new File(System.getProperty("java.io.tmpdir"), "neuron-embed-exit-gate");
      none.deleteOnExit();
      Thread hook = new Thread(() -> guard(lastHook), "neuron-embed-exit");
      Runtime.getRuntime().addShutdownHook(hook);
    } catch (ClassNotFoundException | RuntimeException e) {
      LOG.warn(
          "Close every embedder before the process ends: it cannot be made to wait for them", e);
    }
  }

  /**
   * The exit hook: ends when the monitor is taken, or when another gate has it. That gate, of
   * another class loader, waits for all hooks, so this one must not wait for it.
   */
  private void guard(Class<?> lastHook) {
    Thread guard =
        new Thread(
            () -> {
              synchronized (lastHook) {
                taken = true;
                awaitLastHook();
                closed = true;
                awaitLastCall();
                atEnd.run();
              }
            },
            "neuron-embed-exit-gate");
    guard.setDaemon(true);
    guard.start();
    while (!taken && guard.getState() != Thread.State.BLOCKED) {
      pause();
    }
  }

  private static void awaitLastHook() {
    while (Thread.getAllStackTraces().entrySet().stream()
        .noneMatch(
            entry ->
                entry.getKey().getState() == Thread.State.BLOCKED
                    && entry.getValue().length > 0
                    && entry.getValue()[0].getClassName().startsWith(LAST_HOOK))) {
      pause();
    }
  }

  private void awaitLastCall() {
    while (inFlight.get() > 0) {
      pause();
    }
  }

  private static void pause() {
    try {
      Thread.sleep(POLL_MILLIS);
    } catch (InterruptedException e) {
      // No code should interrupt it; the gate must hold.
    }
  }
}
