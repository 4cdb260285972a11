package io.github.neuronembed.spark;

import java.util.Map;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;
import org.apache.spark.resource.ResourceInformation;
import org.jspecify.annotations.Nullable;

/**
 * Passes the NeuronCores that Spark assigned to an executor, and closes its engines when it ends:
 * {@code spark.plugins=io.github.neuronembed.spark.NeuronCorePlugin}. Required if Spark schedules
 * the resource {@code neuroncore}.
 */
public final class NeuronCorePlugin implements SparkPlugin {

  /** For Spark. */
  public NeuronCorePlugin() {}

  @Override
  public @Nullable DriverPlugin driverPlugin() {
    return null;
  }

  @Override
  public ExecutorPlugin executorPlugin() {
    return new OnExecutor();
  }

  private static final class OnExecutor implements ExecutorPlugin {

    @Override
    public void init(PluginContext context, Map<String, String> extraConf) {
      ResourceInformation cores = context.resources().get(ExecutorCores.RESOURCE);
      ExecutorCores.assign(cores == null ? null : cores.addresses());
    }

    @Override
    public void shutdown() {
      ExecutorEngines.closeAll();
    }
  }
}
