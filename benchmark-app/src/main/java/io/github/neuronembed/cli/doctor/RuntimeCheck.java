package io.github.neuronembed.cli.doctor;

import io.github.neuronembed.nrt.NativeLibrary;
import io.github.neuronembed.nrt.NrtException;
import io.github.neuronembed.nrt.NrtLibrary;
import io.github.neuronembed.nrt.RuntimeGeneration;
import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The JVM, our native library and libnrt: what is loaded, and whether it fits together. */
final class RuntimeCheck {

  private static final Pattern VERSION = Pattern.compile("(\\d{1,6})\\.(\\d{1,6}).*");

  private final List<Finding> findings = new ArrayList<>();
  private @Nullable NrtLibrary library;

  /** How libnrt is opened: the machine's, or the emulator. */
  interface Opener {
    /** Opens it. */
    NrtLibrary open();
  }

  /**
   * Looks.
   *
   * @param opener how libnrt is opened
   * @param driverVersion the driver's version; empty if there is none
   */
  static RuntimeCheck run(Opener opener, String driverVersion) {
    RuntimeCheck check = new RuntimeCheck();
    check.java();
    if (check.nativeLibrary()) {
      check.libnrt(opener, driverVersion);
    }
    return check;
  }

  List<Finding> findings() {
    return List.copyOf(findings);
  }

  /** libnrt, if it could be loaded. */
  @Nullable NrtLibrary library() {
    return library;
  }

  private void java() {
    Runtime.Version version = Runtime.version();
    String text = "Java %s on %s".formatted(version, System.getProperty("os.arch"));
    if (version.feature() < 22) {
      findings.add(Finding.ok("java", text));
      return;
    }
    findings.add(
        nativeAccess()
            ? Finding.ok("java", text + ", native access enabled")
            : Finding.note(
                "java",
                text + ": native access is not enabled; a future Java will reject it.",
                "Start with --enable-native-access=ALL-UNNAMED, or put Enable-Native-Access:"
                    + " ALL-UNNAMED in your jar's manifest."));
  }

  /** Module.isNativeAccessEnabled exists from Java 22 on. */
  private static boolean nativeAccess() {
    try {
      return (boolean)
          Module.class.getMethod("isNativeAccessEnabled").invoke(NativeLibrary.class.getModule());
    } catch (NoSuchMethodException | IllegalAccessException | InvocationTargetException e) {
      return true;
    }
  }

  private boolean nativeLibrary() {
    if (NativeLibrary.isAvailable()) {
      findings.add(Finding.ok("native", "neuron-embed's library for " + NativeLibrary.platform()));
      return true;
    }
    Throwable cause = Objects.requireNonNull(NativeLibrary.unavailabilityCause());
    findings.add(
        Finding.problem(
            "native",
            "neuron-embed's native library cannot be loaded: %s".formatted(cause.getMessage()),
            nativeRemedy(NativeLibrary.platform())));
    return false;
  }

  /** What to do without the native library on a platform. */
  static String nativeRemedy(String platform) {
    return NativeLibrary.isBuiltFor(platform)
        ? "Add neuron-embed-native with the classifier %s to the class path; where temporary folders are noexec, set -D%s to one that is not."
            .formatted(platform, NativeLibrary.DIRECTORY_PROPERTY)
        : "Use --backend onnx here. NeuronCores are in AWS's inf2 and trn instances, whose hosts run Linux on x86-64.";
  }

  /**
   * What to do without libnrt on a platform. AWS publishes aws-neuronx-runtime-lib for x86-64 hosts
   * alone (as of runtime 2.35).
   */
  static String libnrtRemedy(String platform) {
    return platform.equals("linux-x86_64")
        ? "Install aws-neuronx-runtime-lib, or put its folder into LD_LIBRARY_PATH."
        : "There is no libnrt for %s: AWS publishes it for x86-64 hosts alone. Use --backend onnx here; doctor --emulator looks at the emulator."
            .formatted(platform);
  }

  private void libnrt(Opener opener, String driverVersion) {
    NrtLibrary found;
    try {
      found = opener.open();
    } catch (NrtException e) {
      findings.add(
          Finding.problem(
              "libnrt", String.valueOf(e.getMessage()), libnrtRemedy(NativeLibrary.platform())));
      return;
    }
    library = found;
    String text = "%s, version %s%s".formatted(found.path(), found.version(), sdk(found.version()));
    if (found.isEmulated()) {
      text += " (emulated)";
    }
    findings.add(
        found.generation() == RuntimeGeneration.UNKNOWN
            ? Finding.note(
                "libnrt",
                text + ", which is not one of the known generations.",
                "Run neuron-embed verify on it before use.")
            : Finding.ok("libnrt", text));
    if (!found.missingFunctions().isEmpty()) {
      findings.add(
          Finding.note(
              "libnrt",
              "It lacks optional functions: " + String.join(", ", found.missingFunctions()) + ".",
              "Nothing needs them; a newer runtime has them."));
    }
    pairing(driverVersion, found.version()).ifPresent(findings::add);
  }

  /**
   * The SDK that a runtime is of: release notes of SDK 2.21 to 2.33 have the runtimes 2.23 to 2.35.
   * Empty for others.
   */
  static String sdk(String runtime) {
    Matcher matcher = VERSION.matcher(runtime);
    if (!matcher.matches() || !matcher.group(1).equals("2")) {
      return "";
    }
    int minor = Integer.parseInt(matcher.group(2));
    return minor < 23 || minor > 35 ? "" : " of SDK 2." + (minor - 2);
  }

  /**
   * What is wrong with a driver and a runtime together; empty if nothing or if a version is not
   * known. By the runtime's release notes 2.32 refuses drivers up to 2.26, driver 2.29 needs
   * runtime 2.33, and what runtime 2.35 added (conversion on the device, profiles of transfers)
   * needs driver 2.31.
   */
  static Optional<Finding> pairing(String driver, String runtime) {
    if (isBefore(driver, 2, 27) && isAtLeast(runtime, 2, 32)) {
      return Optional.of(
          Finding.problem(
              "driver",
              "Runtime %s refuses driver %s.".formatted(runtime, driver),
              "Upgrade aws-neuronx-dkms on the host to 2.27 or later."));
    }
    if (isAtLeast(driver, 2, 29) && isBefore(runtime, 2, 33)) {
      return Optional.of(
          Finding.problem(
              "driver",
              "Driver %s needs runtime 2.33 or later, not %s.".formatted(driver, runtime),
              "Upgrade aws-neuronx-runtime-lib."));
    }
    if (isBefore(driver, 2, 31) && isAtLeast(runtime, 2, 35)) {
      return Optional.of(
          Finding.note(
              "driver",
              "Runtime %s profiles transfers only with driver 2.31 or later, not %s."
                  .formatted(runtime, driver),
              "Nothing else here needs it; upgrade aws-neuronx-dkms on the host to profile."));
    }
    return Optional.empty();
  }

  private static boolean isBefore(String version, int major, int minor) {
    Matcher matcher = VERSION.matcher(version);
    return matcher.matches() && compare(matcher, major, minor) < 0;
  }

  private static boolean isAtLeast(String version, int major, int minor) {
    Matcher matcher = VERSION.matcher(version);
    return matcher.matches() && compare(matcher, major, minor) >= 0;
  }

  private static int compare(Matcher version, int major, int minor) {
    int byMajor = Integer.compare(Integer.parseInt(version.group(1)), major);
    return byMajor != 0 ? byMajor : Integer.compare(Integer.parseInt(version.group(2)), minor);
  }
}
