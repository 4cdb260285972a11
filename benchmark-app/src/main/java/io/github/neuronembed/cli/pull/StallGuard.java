package io.github.neuronembed.cli.pull;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * Ends answers that stop arriving: the HTTP client's own timeout ends with an answer's headers.
 * Thread-safe.
 */
final class StallGuard implements AutoCloseable {

  private final long timeoutNanos;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "neuron-embed-pull-timer");
            thread.setDaemon(true);
            return thread;
          });

  StallGuard(Duration timeout) {
    this.timeoutNanos = timeout.toNanos();
  }

  /** The same stream; a read that waits longer than the timeout for bytes fails. */
  InputStream watch(InputStream in) {
    return new Watched(in);
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }

  private final class Watched extends FilterInputStream {

    private final ScheduledFuture<?> watch;
    private volatile long lastNanos = System.nanoTime();
    private volatile boolean reading;
    private volatile boolean stalled;

    Watched(InputStream in) {
      super(in);
      long period = Math.max(1, timeoutNanos / 4);
      this.watch = timer.scheduleWithFixedDelay(this::check, period, period, TimeUnit.NANOSECONDS);
    }

    private void check() {
      if (reading && System.nanoTime() - lastNanos > timeoutNanos) {
        stalled = true;
        try {
          // Wakes the reader.
          in.close();
        } catch (IOException e) {
          // The reader's own failure is the one that counts.
        }
      }
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      lastNanos = System.nanoTime();
      reading = true;
      try {
        int n = in.read(buffer, offset, length);
        if (n < 0 && stalled) {
          throw timeout();
        }
        return n;
      } catch (IOException e) {
        throw stalled ? timeout() : e;
      } finally {
        reading = false;
      }
    }

    private SocketTimeoutException timeout() {
      return new SocketTimeoutException("no more bytes came");
    }

    @Override
    public void close() throws IOException {
      watch.cancel(false);
      super.close();
    }
  }
}
