package io.github.neuronembed.engine;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * An engine's meters in a Micrometer registry, which the application provides. Create one for each
 * engine: {@code embedding.requests} (from creation to end; tag {@code ending}), {@code
 * .queue.time}, {@code .queue.depth}, {@code .rejected}, {@code .tokenize.time}, {@code .truncated}
 * (truncated texts), {@code .text.tokens} (a histogram of the texts' lengths), {@code
 * .device.time}, {@code .batch.size}, {@code .padding.ratio}, {@code .tokens}; tags {@code model},
 * and {@code lane}, {@code bucket}, {@code core} where they apply. Thread-safe.
 */
public final class EngineMetrics implements EngineListener {

  private static final int LENGTH_STEP = 8;
  private static final int FINE_LENGTH = 512;
  private static final int LONGEST = 8_192;

  private final MeterRegistry registry;
  private final String model;
  private final Map<EndKey, EndMeters> ends = new ConcurrentHashMap<>();
  private final Map<ExecutionKey, ExecutionMeters> executions = new ConcurrentHashMap<>();
  private final Map<Lane, Counter> rejected = new ConcurrentHashMap<>();
  private final Queue<Meter> gauges = new ConcurrentLinkedQueue<>();
  private final Timer tokenizeTime;
  private final DistributionSummary textTokens;
  private final Counter truncated;

  private record EndKey(Lane lane, int bucket, Ending ending) {}

  private record EndMeters(Timer requests, Timer queueTime) {}

  private record ExecutionKey(String bucket, int core) {}

  private record ExecutionMeters(
      Timer deviceTime,
      DistributionSummary batchSize,
      DistributionSummary paddingRatio,
      Counter tokens) {}

  /**
   * @param model the value of the tag {@code model}; no other open engine may have the same value
   *     in this registry; otherwise the second's {@code embedding.queue.depth} would be that of the
   *     first, and would disappear when the first is closed
   */
  public EngineMetrics(MeterRegistry registry, String model) {
    this.registry = registry;
    this.model = model;
    this.tokenizeTime = registry.timer("embedding.tokenize.time", Tags.of("model", model));
    this.truncated =
        Counter.builder("embedding.truncated")
            .description("Texts that were longer than the model takes and were truncated")
            .tags(Tags.of("model", model))
            .register(registry);
    this.textTokens =
        DistributionSummary.builder("embedding.text.tokens")
            .description("Tokens of a text, including special tokens")
            .serviceLevelObjectives(lengthBounds())
            .tags(Tags.of("model", model))
            .register(registry);
  }

  /** The lengths that are usually compiled, up to 512 tokens; then doubling. */
  private static double[] lengthBounds() {
    return DoubleStream.concat(
            IntStream.rangeClosed(1, FINE_LENGTH / LENGTH_STEP).mapToDouble(i -> i * LENGTH_STEP),
            DoubleStream.iterate(
                2 * FINE_LENGTH, length -> length <= LONGEST, length -> 2 * length))
        .toArray();
  }

  @Override
  public void started(Supplier<EngineSnapshot> snapshot) {
    for (Lane lane : Lane.values()) {
      gauges.add(
          Gauge.builder(
                  "embedding.queue.depth",
                  () -> snapshot.get().queuedByLane().getOrDefault(lane, 0))
              .description("Requests waiting")
              .tags(laneTags(lane))
              .register(registry));
    }
  }

  @Override
  public void refused(Lane lane) {
    rejected
        .computeIfAbsent(lane, key -> registry.counter("embedding.rejected", laneTags(key)))
        .increment();
  }

  @Override
  public void executed(Execution execution) {
    ExecutionMeters meters =
        executions.computeIfAbsent(
            new ExecutionKey(execution.shape().toString(), execution.core()), this::meters);
    meters.deviceTime.record(
        execution.writeNanos() + execution.executeNanos() + execution.readNanos(),
        TimeUnit.NANOSECONDS);
    meters.batchSize.record(execution.rows());
    meters.paddingRatio.record(1 - (double) execution.tokens() / execution.computedTokens());
    meters.tokens.increment(execution.tokens());
  }

  private ExecutionMeters meters(ExecutionKey key) {
    Tags tags = Tags.of("model", model, "bucket", key.bucket, "core", Integer.toString(key.core));
    return new ExecutionMeters(
        registry.timer("embedding.device.time", tags),
        registry.summary("embedding.batch.size", tags),
        registry.summary("embedding.padding.ratio", tags),
        registry.counter("embedding.tokens", tags));
  }

  @Override
  public void ended(RequestEnd end) {
    EndMeters meters =
        ends.computeIfAbsent(
            new EndKey(end.lane(), end.bucketLength(), end.ending()), this::meters);
    meters.requests.record(end.totalNanos(), TimeUnit.NANOSECONDS);
    meters.queueTime.record(end.queueNanos(), TimeUnit.NANOSECONDS);
    for (int text = 0; text < end.rows(); text++) {
      textTokens.record(end.tokens(text));
    }
  }

  private EndMeters meters(EndKey key) {
    Tags tags = laneTags(key.lane).and("bucket", Integer.toString(key.bucket));
    return new EndMeters(
        registry.timer(
            "embedding.requests", tags.and("ending", key.ending.name().toLowerCase(Locale.ROOT))),
        registry.timer("embedding.queue.time", tags));
  }

  private Tags laneTags(Lane lane) {
    return Tags.of("model", model, "lane", lane.name().toLowerCase(Locale.ROOT));
  }

  @Override
  public void tokenized(long nanos) {
    tokenizeTime.record(nanos, TimeUnit.NANOSECONDS);
  }

  @Override
  public void truncated() {
    truncated.increment();
  }

  @Override
  public void closed() {
    gauges.forEach(registry::remove);
    gauges.clear();
  }
}
