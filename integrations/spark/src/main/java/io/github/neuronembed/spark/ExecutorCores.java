package io.github.neuronembed.spark;

import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.TaskContext;
import org.jspecify.annotations.Nullable;

/** The NeuronCores that Spark assigned to this executor. */
final class ExecutorCores {

  /** The resource's name in Spark's configuration. */
  static final String RESOURCE = "neuroncore";

  private static volatile String @Nullable [] assigned;

  private ExecutorCores() {}

  /**
   * Called at the executor's start.
   *
   * @param addresses the addresses from the discovery script that the executor got; null for none
   */
  static void assign(String @Nullable [] addresses) {
    assigned = addresses;
  }

  /**
   * The cores in the format of {@link io.github.neuronembed.TextEmbedderBuilder#visibleCores};
   * empty if Spark does not schedule them.
   *
   * @throws IllegalStateException if Spark schedules them and the plugin is missing: without it a
   *     task can find only its own cores, not those of its executor
   */
  static String visible() {
    TaskContext task = TaskContext.get();
    return visible(assigned, task != null && task.resourcesJMap().containsKey(RESOURCE));
  }

  /**
   * The cores of an executor. An address is the index of a core or a range of them, and Spark keeps
   * no order.
   */
  static String visible(String @Nullable [] addresses, boolean taskHasCores) {
    if (addresses == null) {
      if (taskHasCores) {
        throw new IllegalStateException(
            ("Spark assigns the resource %s, but this executor did not get the list of"
                    + " its cores: set spark.plugins=%s.")
                .formatted(RESOURCE, NeuronCorePlugin.class.getName()));
      }
      return "";
    }
    Map<Integer, String> sorted = new TreeMap<>();
    for (String address : addresses) {
      sorted.put(first(address), address);
    }
    return String.join(",", sorted.values());
  }

  private static int first(String address) {
    int dash = address.indexOf('-');
    try {
      return Integer.parseInt(dash < 0 ? address : address.substring(0, dash));
    } catch (NumberFormatException e) {
      throw new IllegalStateException(
          ("\"%s\" is neither a NeuronCore nor a range of them: check that"
                  + " spark.*.resource.%s.discoveryScript is the script of neuron-embed.")
              .formatted(address, RESOURCE),
          e);
    }
  }
}
