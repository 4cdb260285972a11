package io.github.neuronembed.cli.doctor;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Checks device files, the kernel driver, the processes that use the devices, and the environment,
 * without loading anything.
 *
 * @param root the file system's root; another in tests
 * @param environment the process's environment
 */
record MachineCheck(Path root, Map<String, String> environment) {

  private static final Pattern RANGE = Pattern.compile("(\\d{1,4})(?:-(\\d{1,4}))?");
  private static final Pattern DEVICE = Pattern.compile("neuron\\d+");

  List<Finding> findings() {
    List<Finding> findings = new ArrayList<>();
    List<Path> devices = devices();
    findings.add(deviceFiles(devices));
    findings.add(driver());
    if (!devices.isEmpty()) {
      findings.add(users());
    }
    findings.addAll(cores());
    if (environment.containsKey("NEURON_RT_ASYNC_EXEC_MAX_INFLIGHT_REQUESTS")) {
      findings.add(
          Finding.note(
              "environment",
              "NEURON_RT_ASYNC_EXEC_MAX_INFLIGHT_REQUESTS is set; runtimes before 2.34 return early with it.",
              "Unset it. neuron-embed removes it in its own process."));
    }
    String profile = environment.getOrDefault("NEURON_RT_INSPECT_DEVICE_PROFILE", "");
    if (environment.getOrDefault("NEURON_RT_INSPECT_ENABLE", "").equals("1")
        && !profile.isEmpty()
        && !profile.equals("0")) {
      findings.add(
          Finding.note(
              "environment",
              "A device profile is on, whose buffers take memory of each core; libnrt 2.35 reserves 64 MB more for transfers.",
              "Unset NEURON_RT_INSPECT_DEVICE_PROFILE when you do not profile."));
    }
    return findings;
  }

  /** The driver's version; empty if it is not loaded. */
  String driverVersion() {
    Path file = root.resolve("sys/module/neuron/version");
    try {
      return Files.isRegularFile(file) ? Files.readString(file).strip() : "";
    } catch (IOException e) {
      return "";
    }
  }

  private List<Path> devices() {
    List<Path> devices = new ArrayList<>();
    Path folder = root.resolve("dev");
    if (Files.isDirectory(folder)) {
      try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "neuron*")) {
        for (Path file : files) {
          if (DEVICE.matcher(file.getFileName().toString()).matches()) {
            devices.add(file);
          }
        }
      } catch (IOException e) {
        // Not readable: no process is visible, and this is reported.
      }
    }
    devices.sort(null);
    return devices;
  }

  private Finding deviceFiles(List<Path> devices) {
    if (devices.isEmpty()) {
      return Finding.problem(
          "devices",
          "There is no /dev/neuron0.",
          "On inf2, install aws-neuronx-dkms; in a container, pass"
              + " --device=/dev/neuron0 or use the Neuron device plug-in. On other machines"
              + " use --backend cpu or onnx.");
    }
    for (Path device : devices) {
      if (!Files.isReadable(device) || !Files.isWritable(device)) {
        return Finding.problem(
            "devices",
            "This user cannot read and write %s.".formatted(device),
            "Run as a user of the file's group, or change its mode with a udev rule.");
      }
    }
    return Finding.ok(
        "devices",
        "%s: %s".formatted(devices.size(), devices.get(0))
            + (devices.size() > 1 ? " to " + devices.get(devices.size() - 1) : ""));
  }

  private Finding driver() {
    String version = driverVersion();
    if (version.isEmpty()) {
      return Finding.problem(
          "driver",
          "The kernel module neuron is not loaded.",
          "Install aws-neuronx-dkms on the host (containers use the host's) and run modprobe neuron.");
    }
    return Finding.ok("driver", "neuron " + version);
  }

  private Finding users() {
    Map<Long, String> users = new TreeMap<>();
    Path devices = root.resolve("dev");
    long self = ProcessHandle.current().pid();
    try (DirectoryStream<Path> processes =
        Files.newDirectoryStream(root.resolve("proc"), "[0-9]*")) {
      for (Path process : processes) {
        long pid = Long.parseLong(process.getFileName().toString());
        if (pid != self && holdsDevice(process, devices)) {
          users.put(pid, name(process));
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      return Finding.note(
          "users", "/proc cannot be read: the process that holds the cores is not known.", "");
    }
    if (users.isEmpty()) {
      return Finding.ok("users", "no process that this user can see has a device open");
    }
    StringBuilder text = new StringBuilder("Devices are open in ");
    users.forEach((pid, name) -> text.append(name).append(" (").append(pid).append("), "));
    text.setLength(text.length() - 2);
    return Finding.note(
        "users",
        text.append('.').toString(),
        "A core belongs to one process: stop the other process, or give each"
            + " process its own NEURON_RT_VISIBLE_CORES.");
  }

  private static boolean holdsDevice(Path process, Path devices) {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(process.resolve("fd"))) {
      for (Path file : files) {
        if (isDevice(file, devices)) {
          return true;
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      // Another user's, or gone.
    }
    return false;
  }

  private static boolean isDevice(Path descriptor, Path devices) {
    try {
      Path target = Files.readSymbolicLink(descriptor);
      return target.startsWith(devices)
          && DEVICE.matcher(target.getFileName().toString()).matches();
    } catch (IOException | UnsupportedOperationException e) {
      // Closed meanwhile.
      return false;
    }
  }

  private static String name(Path process) {
    try {
      return Files.readString(process.resolve("comm")).strip();
    } catch (IOException e) {
      return "a process";
    }
  }

  /** NEURON_RT_VISIBLE_CORES wins over NEURON_RT_NUM_CORES; without both the first takes all. */
  private List<Finding> cores() {
    String visible = environment.getOrDefault("NEURON_RT_VISIBLE_CORES", "");
    String number = environment.getOrDefault("NEURON_RT_NUM_CORES", "");
    if (visible.isEmpty() && number.isEmpty()) {
      return List.of(
          Finding.note(
              "cores",
              "Neither NEURON_RT_VISIBLE_CORES nor NEURON_RT_NUM_CORES is set: a process takes all.",
              ""));
    }
    List<Finding> findings = new ArrayList<>();
    if (!visible.isEmpty()) {
      findings.add(
          isContiguous(visible)
              ? Finding.ok("cores", "NEURON_RT_VISIBLE_CORES=" + visible)
              : Finding.problem(
                  "cores",
                  "NEURON_RT_VISIBLE_CORES=%s is not one contiguous range.".formatted(visible),
                  "Write it as 4 or 0-3; libnrt accepts no gaps."));
    } else {
      findings.add(
          number.matches("[1-9]\\d{0,3}")
              ? Finding.ok("cores", "NEURON_RT_NUM_CORES=" + number)
              : Finding.problem(
                  "cores",
                  "NEURON_RT_NUM_CORES=%s is not a number of cores.".formatted(number),
                  "Write it as 2."));
    }
    if (!visible.isEmpty() && !number.isEmpty()) {
      findings.add(
          Finding.note(
              "cores",
              "NEURON_RT_VISIBLE_CORES and NEURON_RT_NUM_CORES are both set.",
              "Set one of them."));
    }
    return findings;
  }

  static boolean isContiguous(String cores) {
    int next = -1;
    for (String part : cores.split(",", -1)) {
      Matcher matcher = RANGE.matcher(part.strip());
      if (!matcher.matches()) {
        return false;
      }
      int first = Integer.parseInt(matcher.group(1));
      int last = matcher.group(2) == null ? first : Integer.parseInt(matcher.group(2));
      if (last < first || (next >= 0 && first != next)) {
        return false;
      }
      next = last + 1;
    }
    return true;
  }
}
