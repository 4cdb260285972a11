package io.github.neuronembed.measurements;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.neuronembed.backend.Shape;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * Runs the HTTP server with Poisson arrivals from another process, below and above the capacity of
 * its emulated cores. It reports latency from the intended start, refusals and memory.
 * <em>Emulated</em>.
 *
 * <p>Arguments: seconds of each load.
 */
public final class ServerLoad {

  private static final int CORES = 2;
  private static final Shape SHAPE = new Shape(4, 64);
  private static final int SERVICE_MICROS = 10_000;

  /** Texts per second if every execution is full. */
  private static final double CAPACITY = CORES * SHAPE.batchSize() * 1e6 / SERVICE_MICROS;

  private static final int MAX_REQUESTS = 64;
  private static final String BODY =
      "{\"input\":\"The moon pulls the water of the oceans.\",\"encoding_format\":\"base64\"}";

  private ServerLoad() {}

  /** Runs the measurement. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    double seconds = Double.parseDouble(arguments[0]);
    try (EmulatedServer server =
        EmulatedServer.start(
            List.of(SHAPE),
            emulator(),
            List.of("--max-requests", Integer.toString(MAX_REQUESTS)))) {
      HttpRequest request =
          HttpRequest.newBuilder(server.address().resolve("/v1/embeddings"))
              .header("Content-Type", "application/json")
              .POST(BodyPublishers.ofString(BODY, UTF_8))
              .build();
      HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
      System.out.printf(
          Locale.ROOT,
          "emulated; %d cores of %d x %d in %.0f ms: %.0f texts/s; at most %d requests in flight%n",
          CORES,
          SHAPE.batchSize(),
          SHAPE.sequenceLength(),
          SERVICE_MICROS / 1e3,
          CAPACITY,
          MAX_REQUESTS);
      System.out.printf(
          "%5s %9s %9s | %8s %8s | %8s %8s %8s | %6s | %8s%n",
          "load",
          "requests",
          "served/s",
          "p50 ms",
          "p99 ms",
          "refused",
          "p50 ms",
          "p99 ms",
          "other",
          "RSS MiB");
      // The first run is a warm-up for the JIT compilers.
      run(server, client, request, 0.5, Math.max(5, seconds / 4), false);
      for (double load : new double[] {0.5, 1, 1.5, 0.5}) {
        run(server, client, request, load, seconds, true);
      }
      String ready = get(client, server.address().resolve("/health/ready"));
      System.out.println("afterwards: " + ready);
    }
  }

  private static JsonObject emulator() {
    JsonObject time = new JsonObject();
    time.addProperty("batch", SHAPE.batchSize());
    time.addProperty("sequenceLength", SHAPE.sequenceLength());
    time.addProperty("micros", SERVICE_MICROS);
    JsonArray service = new JsonArray();
    service.add(time);
    JsonObject timing = new JsonObject();
    timing.add("service", service);
    JsonObject emulator = new JsonObject();
    emulator.addProperty("cores", CORES);
    emulator.add("timing", timing);
    return emulator;
  }

  private static void run(
      EmulatedServer server,
      HttpClient client,
      HttpRequest request,
      double load,
      double seconds,
      boolean print)
      throws IOException, InterruptedException {
    double perSecond = load * CAPACITY;
    int count = (int) (perSecond * seconds);
    Histogram served = new ConcurrentHistogram(3);
    Histogram refused = new ConcurrentHistogram(3);
    AtomicInteger other = new AtomicInteger();
    CountDownLatch outstanding = new CountDownLatch(count);
    Random random = new Random(20_26);
    long start = System.nanoTime();
    double intended = start;
    for (int i = 0; i < count; i++) {
      intended -= Math.log(1 - random.nextDouble()) / perSecond * 1e9;
      long at = (long) intended;
      for (long rest = at - System.nanoTime(); rest > 0; rest = at - System.nanoTime()) {
        LockSupport.parkNanos(rest);
      }
      CompletableFuture<?> unused =
          client
              .sendAsync(request, BodyHandlers.ofByteArray())
              .whenComplete(
                  (response, failure) -> {
                    long micros = (System.nanoTime() - at) / 1000;
                    int status = failure == null ? response.statusCode() : 0;
                    switch (status) {
                      case 200 -> served.recordValue(micros);
                      case 429 -> refused.recordValue(micros);
                      default -> other.incrementAndGet();
                    }
                    outstanding.countDown();
                  });
    }
    outstanding.await();
    double elapsed = (System.nanoTime() - start) / 1e9;
    if (!print) {
      return;
    }
    System.out.printf(
        Locale.ROOT,
        "%4.0f%% %9d %9.0f | %8.1f %8.1f | %7.1f%% %8s %8s | %6d | %8.0f%n",
        load * 100,
        count,
        served.getTotalCount() / elapsed,
        served.getValueAtPercentile(50) / 1e3,
        served.getValueAtPercentile(99) / 1e3,
        100.0 * refused.getTotalCount() / count,
        millis(refused, 50),
        millis(refused, 99),
        other.get(),
        server.residentBytes() / 1048576.0);
  }

  private static String millis(Histogram histogram, double percentile) {
    return histogram.getTotalCount() == 0
        ? ""
        : String.format(Locale.ROOT, "%.1f", histogram.getValueAtPercentile(percentile) / 1e3);
  }

  private static String get(HttpClient client, URI uri) throws IOException, InterruptedException {
    HttpResponse<String> response =
        client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString());
    return response.statusCode() + " " + response.body();
  }
}
