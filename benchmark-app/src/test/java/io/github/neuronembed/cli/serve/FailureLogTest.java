package io.github.neuronembed.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;

class FailureLogTest {

  private final List<String> lines = new ArrayList<>();
  private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 7);
  private final FailureLog log =
      new FailureLog(
          (Logger)
              Proxy.newProxyInstance(
                  getClass().getClassLoader(),
                  new Class<?>[] {Logger.class},
                  (proxy, method, arguments) -> {
                    lines.add(method.getName() + Arrays.toString(arguments));
                    return null;
                  }),
          now::get);

  @Test
  void failuresOfAKindAreLoggedOnceAMinute() {
    for (int i = 0; i < 1000; i++) {
      log.failed(new IllegalStateException("closed"));
    }
    log.failed(new UnsupportedOperationException("other"));
    assertThat(lines).hasSize(2);
    assertThat(lines.get(0)).contains("closed").startsWith("error");

    now.addAndGet(FailureLog.QUIET.toNanos());
    log.failed(new IllegalStateException("closed"));
    log.failed(new IllegalStateException("closed"));

    assertThat(lines).hasSize(3);
    assertThat(lines.get(2)).contains("999");
  }
}
