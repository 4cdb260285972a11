package io.github.neuronembed.nrt;

import io.github.neuronembed.nrt.bindings.NeuronCapi;
import io.github.neuronembed.nrt.bindings.neuron_live_counts;
import io.github.neuronembed.nrt.bindings.neuron_memory_stats;
import io.github.neuronembed.nrt.bindings.neuron_model;
import io.github.neuronembed.nrt.bindings.neuron_runtime;
import io.github.neuronembed.nrt.bindings.neuron_runtime_info;
import io.github.neuronembed.nrt.bindings.neuron_runtime_options;
import io.github.neuronembed.nrt.bindings.neuron_status;
import java.lang.ref.Reference;
import java.nio.file.Path;
import org.bytedeco.javacpp.BytePointer;

/**
 * The Neuron runtime of this process: holds NeuronCores exclusively until it is closed. Only one
 * can be open at a time. Thread-safe.
 */
public final class NeuronRuntime implements AutoCloseable {

  private final NrtLibrary library;
  private final Gate<neuron_runtime> gate;
  private final int visibleCoreCount;
  private final int totalCoreCount;
  private final InstanceInfo instance;

  private NeuronRuntime(NrtLibrary library, neuron_runtime handle) {
    this.library = library;
    neuron_runtime_info info = Native.struct(neuron_runtime_info.class, neuron_runtime_info::new);
    neuron_status status = Native.status();
    NeuronCapi.neuron_runtime_get_info(handle, info, status);
    Native.check(status);
    this.visibleCoreCount = info.visible_core_count();
    this.totalCoreCount = info.total_core_count();
    this.instance =
        new InstanceInfo(
            info.instance_family(),
            info.instance_size(),
            Native.text(info.arch_name()),
            Native.text(info.device_revision()));
    this.gate = new Gate<>(this, "The Neuron runtime", handle);
  }

  /**
   * Initialises libnrt. Takes seconds on hardware.
   *
   * <p>libnrt is configured by the environment of the process: this call sets {@code NEURON_RT_*}
   * variables in it and removes {@code NEURON_RT_ASYNC_EXEC_MAX_INFLIGHT_REQUESTS}; closing the
   * runtime restores them. Native code in other threads must not read or change the environment
   * meanwhile; Java code cannot.
   *
   * @param library the libnrt to use
   * @param options cores and timeout
   * @return the runtime, owned by the caller
   * @throws IllegalArgumentException if an option is invalid
   * @throws IllegalStateException if a runtime is open in this process
   * @throws NrtException if libnrt rejects the call, or no core is visible
   */
  public static NeuronRuntime open(NrtLibrary library, RuntimeOptions options) {
    neuron_runtime_options given =
        Native.struct(neuron_runtime_options.class, neuron_runtime_options::new);
    BytePointer visibleCores = Native.string(options.visibleCores());
    given.visible_cores(visibleCores);
    given.num_cores(options.coreCount());
    given.exec_timeout_seconds(options.executionTimeoutSeconds());
    neuron_status status = Native.status();
    neuron_runtime handle;
    try {
      handle = NeuronCapi.neuron_runtime_open(library.handle(), given, status);
    } finally {
      Reference.reachabilityFence(visibleCores); // the struct holds its address only
    }
    Native.check(status);
    return Native.adopt(
        handle, owned -> new NeuronRuntime(library, owned), NeuronCapi::neuron_runtime_close);
  }

  /** The libnrt in use. */
  public NrtLibrary library() {
    return library;
  }

  /** Cores of this process, numbered from 0, whatever their numbers on the instance. */
  public int visibleCoreCount() {
    return visibleCoreCount;
  }

  /** Cores of the instance; 0 if libnrt does not report it. */
  public int totalCoreCount() {
    return totalCoreCount;
  }

  /** The facts that libnrt reports about the instance. */
  public InstanceInfo instance() {
    return instance;
  }

  /**
   * Device memory of a core.
   *
   * @param core index within this process
   * @return use and limit
   * @throws IllegalArgumentException if the core is not visible
   * @throws IllegalStateException if the runtime is closed
   * @throws NrtException of kind {@link NrtException.Kind#UNAVAILABLE} if libnrt does not report it
   */
  public MemoryStats memoryStats(int core) {
    return gate.call(
        runtime -> {
          neuron_memory_stats stats =
              Native.struct(neuron_memory_stats.class, neuron_memory_stats::new);
          neuron_status status = Native.status();
          NeuronCapi.neuron_runtime_get_memory_stats(runtime, core, stats, status);
          Native.check(status);
          return new MemoryStats(stats.bytes_used(), stats.bytes_limit());
        });
  }

  /**
   * Loads a compiled model onto a core. Takes seconds on hardware; loads run one after the other.
   * The file may be removed afterwards; while it is read it must not be changed in place.
   *
   * @param neff a NEFF file
   * @param core index within this process
   * @return the model, owned by the caller, who closes it before this runtime
   * @throws IllegalArgumentException if the core is not visible
   * @throws IllegalStateException if the runtime is closed
   * @throws NrtException if the file cannot be read, is not a NEFF for this machine, or libnrt
   *     rejects it
   */
  public NeuronModel load(Path neff, int core) {
    return gate.call(
        runtime -> {
          neuron_status status = Native.status();
          neuron_model handle =
              NeuronCapi.neuron_model_load(runtime, Native.string(neff.toString()), core, status);
          Native.check(status);
          return Native.adopt(
              handle,
              owned -> new NeuronModel(this, neff, core, owned),
              NeuronCapi::neuron_model_unload);
        });
  }

  /**
   * Releases the cores, after the calls in flight. Does nothing if it is closed.
   *
   * @throws IllegalStateException if models are still loaded; the runtime then stays open
   */
  @Override
  public void close() {
    // Before the handle is given up: without memory for it, the handle would be lost.
    neuron_status status = Native.status();
    gate.close(
        runtime -> {
          NeuronCapi.neuron_runtime_close(runtime, status);
          Native.check(status);
        });
  }

  /**
   * The objects that the native core currently holds from libnrt in this process. For leak checks.
   */
  public static LiveCounts liveCounts() {
    NativeLibrary.ensureAvailable();
    neuron_live_counts counts = Native.struct(neuron_live_counts.class, neuron_live_counts::new);
    NeuronCapi.neuron_get_live_counts(counts);
    return new LiveCounts(
        counts.runtimes(), counts.models(), counts.tensors(), counts.tensor_sets(), counts.slots());
  }

  /**
   * The facts that libnrt reports about the instance; zeros and empty texts for unknown ones.
   *
   * @param family libnrt's number; 4 is Inf2
   * @param size libnrt's number
   * @param architecture for example {@code NCv2}
   * @param deviceRevision revision of the chip
   */
  public record InstanceInfo(int family, int size, String architecture, String deviceRevision) {}

  /**
   * Device memory of a core.
   *
   * @param usedBytes in use
   * @param limitBytes in total
   */
  public record MemoryStats(long usedBytes, long limitBytes) {}

  /**
   * Objects alive in the native core.
   *
   * @param runtimes open runtimes
   * @param models loaded models
   * @param tensors tensors
   * @param tensorSets tensor sets
   * @param slots slots
   */
  public record LiveCounts(long runtimes, long models, long tensors, long tensorSets, long slots) {}
}
