package io.github.neuronembed.cli.serve;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * Handles SIGTERM and SIGINT before the JVM begins its shutdown. A shutdown hook would be too late:
 * hooks run concurrently, and the hook of the ONNX Runtime backend refuses work after a short time
 * without any. The second signal of the same kind ends the process at once, as it does by default.
 */
final class TerminationSignal {

  private static final List<String> NAMES = List.of("TERM", "INT");

  private final CountDownLatch received = new CountDownLatch(1);

  /**
   * Begins to listen. With the option {@code -Xrs} the JVM does not pass signals on; then they end
   * the process as they do by default.
   */
  TerminationSignal() {
    for (String name : NAMES) {
      try {
        listen(name);
      } catch (ReflectiveOperationException e) {
        // The option -Xrs, as the comment above says, or a Java without the module jdk.unsupported.
        return;
      }
    }
  }

  /** Uses reflection, since javac warns about each use of the only API for signals. */
  private void listen(String name) throws ReflectiveOperationException {
    Class<?> signal = Class.forName("sun.misc.Signal");
    Class<?> handler = Class.forName("sun.misc.SignalHandler");
    Object byDefault = handler.getField("SIG_DFL").get(null);
    Object termination = signal.getConstructor(String.class).newInstance(name);
    Method handle = signal.getMethod("handle", signal, handler);
    Object ours =
        Proxy.newProxyInstance(
            TerminationSignal.class.getClassLoader(),
            new Class<?>[] {handler},
            (proxy, method, arguments) -> {
              if (method.getName().equals("handle")) {
                received.countDown();
                handle.invoke(null, termination, byDefault);
                return null;
              }
              return ofObject(proxy, method, arguments);
            });
    handle.invoke(null, termination, ours);
  }

  private static @Nullable Object ofObject(
      Object proxy, Method method, @Nullable Object @Nullable [] arguments) {
    return switch (method.getName()) {
      case "equals" -> arguments != null && proxy == arguments[0];
      case "hashCode" -> System.identityHashCode(proxy);
      default -> "handler of a termination signal";
    };
  }

  /** Waits for the first signal. */
  void await() throws InterruptedException {
    received.await();
  }
}
