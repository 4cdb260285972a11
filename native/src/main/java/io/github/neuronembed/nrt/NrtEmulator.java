package io.github.neuronembed.nrt;

import io.github.neuronembed.nrt.NativeLibrary.UnavailableException;
import io.github.neuronembed.nrt.bindings.NeuronCapi;
import io.github.neuronembed.nrt.bindings.neuron_emulator_core;
import io.github.neuronembed.nrt.bindings.neuron_emulator_counters;
import io.github.neuronembed.nrt.bindings.neuron_status;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The project's own libnrt, for machines without Neuron devices: its behaviour can be configured,
 * and calls to it are counted. Its state belongs to the process. Thread-safe.
 */
public final class NrtEmulator {

  private final NrtLibrary library;

  private NrtEmulator(NrtLibrary library) {
    this.library = library;
  }

  /**
   * Unpacks the emulator that comes with the platform's jar, and loads it.
   *
   * @return the emulator
   * @throws NrtException of kind {@link NrtException.Kind#UNAVAILABLE} if that is not possible
   */
  public static NrtEmulator open() {
    NativeLibrary.ensureAvailable();
    Path file;
    try {
      file = NativeLibrary.unpackEmulator();
    } catch (UnavailableException e) {
      throw new NrtException(
          NrtException.Kind.UNAVAILABLE, Objects.requireNonNull(e.getMessage()), e);
    }
    return of(NrtLibrary.open(file));
  }

  /**
   * The emulator of a library.
   *
   * @param library an emulated library
   * @return the emulator
   * @throws IllegalArgumentException if the library is not the emulator
   */
  public static NrtEmulator of(NrtLibrary library) {
    if (!library.isEmulated()) {
      throw new IllegalArgumentException(library.path() + " is not the emulator.");
    }
    return new NrtEmulator(library);
  }

  /** The library to open a runtime with. */
  public NrtLibrary library() {
    return library;
  }

  /**
   * Configures the runtimes that are opened from now on: cores, times, faults, generation.
   *
   * @param json as the emulator's README describes it; null for the environment variable {@code
   *     NRT_EMULATOR_CONFIG}, else the defaults
   * @throws NrtException if the emulator rejects it (the reason is on stderr), or a runtime is open
   */
  public void configure(@Nullable String json) {
    neuron_status status = Native.status();
    NeuronCapi.neuron_emulator_configure(library.handle(), Native.string(json), status);
    Native.check(status);
  }

  /**
   * Replaces the fault plan at once, until the runtime is closed or configured again.
   *
   * @param json an array of faults; {@code "[]"} ends all
   * @throws NrtException if the emulator rejects it
   */
  public void setFaults(String json) {
    neuron_status status = Native.status();
    NeuronCapi.neuron_emulator_set_faults(library.handle(), Native.string(json), status);
    Native.check(status);
  }

  /** The objects alive, and the counters. */
  public Counters counters() {
    neuron_status status = Native.status();
    neuron_emulator_counters counters =
        Native.struct(neuron_emulator_counters.class, neuron_emulator_counters::new);
    NeuronCapi.neuron_emulator_get_counters(library.handle(), counters, status);
    Native.check(status);
    return new Counters(
        counters.live_models(),
        counters.live_tensors(),
        counters.live_tensor_sets(),
        counters.live_tensor_infos(),
        counters.executions(),
        counters.attached_copies(),
        counters.misuse_total());
  }

  /** Sets the attached copies and the misuses to zero. */
  public void resetCounters() {
    neuron_status status = Native.status();
    NeuronCapi.neuron_emulator_reset_counters(library.handle(), status);
    Native.check(status);
  }

  /**
   * The totals of a core since the runtime was opened.
   *
   * @param core index within this process
   * @return totals
   * @throws NrtException if there is no such core
   */
  public Core core(int core) {
    neuron_status status = Native.status();
    neuron_emulator_core info =
        Native.struct(neuron_emulator_core.class, neuron_emulator_core::new);
    NeuronCapi.neuron_emulator_get_core(library.handle(), core, info, status);
    Native.check(status);
    return new Core(
        info.dead() != 0,
        info.executions(),
        info.bytes_written(),
        info.bytes_read(),
        info.busy_nanos());
  }

  /**
   * Counters of the emulator.
   *
   * @param liveModels loaded models
   * @param liveTensors tensors, including slices
   * @param liveTensorSets tensor sets
   * @param liveTensorInfos tensor descriptions
   * @param executions executions that reached a core
   * @param attachedCopies number of copies of a HOST or attached tensor during executions
   * @param misuses calls that break libnrt's rules; each is logged on stderr
   */
  public record Counters(
      long liveModels,
      long liveTensors,
      long liveTensorSets,
      long liveTensorInfos,
      long executions,
      long attachedCopies,
      long misuses) {

    /** Number of all objects alive. */
    public long live() {
      return liveModels + liveTensors + liveTensorSets + liveTensorInfos;
    }
  }

  /**
   * Totals of an emulated core.
   *
   * @param dead whether it can execute no more
   * @param executions executions
   * @param bytesWritten host to device
   * @param bytesRead device to host
   * @param busyNanos time in which it was executing
   */
  public record Core(
      boolean dead, long executions, long bytesWritten, long bytesRead, long busyNanos) {}
}
