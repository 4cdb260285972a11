package io.github.neuronembed.springai.autoconfigure;

import io.github.neuronembed.engine.EngineHealth;
import java.util.Locale;
import java.util.function.Supplier;
import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;

/**
 * The engine's health for Spring Boot: ready and degraded are UP, because both serve; failed is
 * DOWN. Details: {@code state} with the engine's state, {@code model}, {@code backend}, and {@code
 * failedCores} with the reason for each failed core.
 */
final class NeuronEmbeddingHealthIndicator extends AbstractHealthIndicator {

  private final Supplier<EngineHealth> health;
  private final String model;
  private final String backend;

  NeuronEmbeddingHealthIndicator(Supplier<EngineHealth> health, String model, String backend) {
    super("The health of the embedding engine could not be read.");
    this.health = health;
    this.model = model;
    this.backend = backend;
  }

  @Override
  protected void doHealthCheck(Health.Builder builder) {
    report(health.get(), builder);
    builder.withDetail("model", model).withDetail("backend", backend);
  }

  static void report(EngineHealth health, Health.Builder builder) {
    switch (health.state()) {
      case READY, DEGRADED -> builder.up();
      case FAILED -> builder.down();
    }
    builder.withDetail("state", health.state().name().toLowerCase(Locale.ROOT));
    if (!health.failedCores().isEmpty()) {
      builder.withDetail("failedCores", health.failedCores());
    }
  }
}
