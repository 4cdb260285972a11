package io.github.neuronembed.nrt;

import io.github.neuronembed.nrt.bindings.NeuronCapi;
import io.github.neuronembed.nrt.bindings.neuron_library;
import io.github.neuronembed.nrt.bindings.neuron_library_info;
import io.github.neuronembed.nrt.bindings.neuron_status;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A libnrt that was found and loaded, with the facts that it reports. It stays loaded until the
 * process ends and need not be closed. Thread-safe.
 */
public final class NrtLibrary {

  private final neuron_library handle;
  private final Path path;
  private final String version;
  private final String detail;
  private final String gitHash;
  private final RuntimeGeneration generation;
  private final boolean explicitAsync;
  private final boolean tensorCast;
  private final boolean emulated;
  private final List<String> missingFunctions;

  private NrtLibrary(neuron_library handle) {
    this.handle = handle;
    neuron_library_info info = Native.struct(neuron_library_info.class, neuron_library_info::new);
    neuron_status status = Native.status();
    NeuronCapi.neuron_library_get_info(handle, info, status);
    Native.check(status);
    this.path = Path.of(Native.text(info.path()));
    this.version =
        info.version_major() == 0
            ? ""
            : "%s.%s.%s.%s"
                .formatted(
                    info.version_major(),
                    info.version_minor(),
                    info.version_patch(),
                    info.version_maintenance());
    this.detail = Native.text(info.version_detail());
    this.gitHash = Native.text(info.git_hash());
    this.generation = RuntimeGeneration.ofNumber(info.generation());
    this.explicitAsync = info.has_nrt_3() != 0;
    this.tensorCast = info.has_tensor_cast() != 0;
    this.emulated = info.emulated() != 0;
    String missing = Native.text(info.missing_symbols());
    this.missingFunctions = missing.isEmpty() ? List.of() : List.of(missing.split(", "));
  }

  /**
   * Loads {@code libnrt.so.1} by the rules of the dynamic loader, else {@code
   * /opt/aws/neuron/lib/libnrt.so.1}.
   *
   * @return the library
   * @throws NrtException of kind {@link NrtException.Kind#UNAVAILABLE} if there is none; the
   *     message has a line for each attempt
   */
  public static NrtLibrary open() {
    return openNamed(null);
  }

  /**
   * Loads one file only.
   *
   * @param file a libnrt
   * @return the library
   * @throws NrtException of kind {@link NrtException.Kind#UNAVAILABLE} if it cannot be used
   */
  public static NrtLibrary open(Path file) {
    // The loader would search for a name without a folder.
    return openNamed(file.toAbsolutePath().toString());
  }

  private static NrtLibrary openNamed(@Nullable String name) {
    NativeLibrary.ensureAvailable();
    neuron_status status = Native.status();
    neuron_library handle = NeuronCapi.neuron_library_open(Native.string(name), status);
    Native.check(status);
    return new NrtLibrary(handle);
  }

  neuron_library handle() {
    return handle;
  }

  /** The file it was loaded from. */
  public Path path() {
    return path;
  }

  /** Four numbers, for example {@code 2.31.24.0}; empty if the library does not report them. */
  public String version() {
    return version;
  }

  /** The library's description of its version; may be empty. */
  public String versionDetail() {
    return detail;
  }

  /** Revision it was built from; may be empty. */
  public String gitHash() {
    return gitHash;
  }

  /** The generation of its version. */
  public RuntimeGeneration generation() {
    return generation;
  }

  /** Whether it has the explicit asynchronous functions of runtime 2.31 and later. */
  public boolean hasExplicitAsync() {
    return explicitAsync;
  }

  /**
   * Whether it has {@code nrt_tensor_cast} of runtime 2.35 (SDK 2.33) and later, which converts
   * number formats on the device. Nothing here uses it.
   */
  public boolean hasTensorCast() {
    return tensorCast;
  }

  /** Whether it is this project's emulator: figures from it must be labelled as emulated. */
  public boolean isEmulated() {
    return emulated;
  }

  /** Missing optional functions; the features that need them are not available. */
  public List<String> missingFunctions() {
    return missingFunctions;
  }

  @Override
  public String toString() {
    return (emulated ? "emulated libnrt " : "libnrt ") + version + " (" + path + ")";
  }
}
