package io.github.neuronembed.backend.onnx;

import ai.onnxruntime.OrtException;
import io.github.neuronembed.InferenceException;
import java.io.File;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets calls into ONNX Runtime run until every exit hook of the application has ended, and has the
 * end of the process wait for the last of them.
 *
 * <p>Exit hooks run side by side and in no order, and one of them may drain requests before it
 * closes its embedder: a hook of our own cannot tell when the others are done. But a process
 * deletes what was given to {@link File#deleteOnExit} after all hooks of applications (JDK 17 to
 * 25: {@code java.io.DeleteOnExitHook}, "the last shutdown hook to be invoked"), and takes the
 * monitor of that class for it. So when the process ends, a thread of ours takes this monitor; when
 * the ending thread stands before it, the hooks are over: the gate closes, and when the last call
 * has returned, the monitor is given back and the process goes on to end. On a Java where this is
 * not so, the gate stays open and nothing waits.
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
   * @param atEnd called when nothing is called any more, before the process ends
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
   * @throws InferenceException if the process has ended but for its last instructions
   */
  void call(Call call) throws OrtException {
    inFlight.incrementAndGet();
    try {
      if (closed) {
        throw new InferenceException("The process is ending; nothing is executed any more.", false);
      }
      call.run();
    } finally {
      inFlight.decrementAndGet();
    }
  }

  /** Stands before the end of this process. */
  void install() {
    try {
      Class<?> lastHook = Class.forName(LAST_HOOK);
      // The hook is there once a file was given; this one never exists.
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
   * The exit hook: ends when the monitor is taken, or when another gate has it. That one, of
   * another class loader, waits for all hooks, so that this one must not wait for it.
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
      // Nobody has a reason to; the gate must hold.
    }
  }
}
