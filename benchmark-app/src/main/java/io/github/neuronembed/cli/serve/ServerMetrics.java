package io.github.neuronembed.cli.serve;

import io.github.neuronembed.TextEmbedder;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.distribution.DistributionStatisticConfig;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * The metrics that Prometheus reads: of the engine, of the server's requests, and of the JVM. The
 * times that a client waits are histograms, so that percentiles can be computed over several
 * servers.
 */
final class ServerMetrics implements AutoCloseable {

  private static final Set<String> HISTOGRAMS =
      Set.of("http.server.requests", "embedding.requests", "embedding.queue.time");

  private static final double[] BOUNDS =
      Arrays.stream(new long[] {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000})
          .mapToDouble(millis -> Duration.ofMillis(millis).toNanos())
          .toArray();

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final JvmGcMetrics collections = new JvmGcMetrics();

  ServerMetrics() {
    registry.config().meterFilter(new Histograms());
    new JvmMemoryMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
    collections.bindTo(registry);
  }

  private static final class Histograms implements MeterFilter {
    @Override
    public DistributionStatisticConfig configure(Meter.Id id, DistributionStatisticConfig config) {
      return HISTOGRAMS.contains(id.getName())
          ? DistributionStatisticConfig.builder()
              .serviceLevelObjectives(BOUNDS)
              .build()
              .merge(config)
          : config;
    }
  }

  /** The registry for the engine's meters. */
  PrometheusMeterRegistry registry() {
    return registry;
  }

  /** Adds the metrics that need the embedder, once it exists. */
  void bind(TextEmbedder embedder, Supplier<Number> activeRequests) {
    Gauge.builder("embedding.info", () -> 1)
        .description("The backend in use; with emulated=true it is the emulator, not a device")
        .tag("model", embedder.modelName())
        .tag("backend", embedder.backend())
        .tag("emulated", Boolean.toString(embedder.isEmulated()))
        .register(registry);
    Gauge.builder("http.server.active.requests", activeRequests).register(registry);
  }

  /**
   * A request is over.
   *
   * @param route the path, one of few
   * @param status the answer's status, or {@code client_gone}
   */
  void ended(String route, String status, long nanos) {
    registry
        .timer("http.server.requests", "uri", route, "status", status)
        .record(nanos, TimeUnit.NANOSECONDS);
  }

  /** Prometheus' text format, version 0.0.4. */
  String scrape() {
    return registry.scrape();
  }

  @Override
  public void close() {
    collections.close();
    registry.close();
  }
}
