package io.github.neuronembed.cli.bench.measure;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;

/** The environment of a run. */
public final class Environment {

  private static final String UNKNOWN = "unknown";

  private Environment() {}

  /**
   * The facts by their names in the reports.
   *
   * @param backend the backend, with its version
   */
  public static Map<String, String> facts(String backend) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("version", property("/io/github/neuronembed/cli/version.properties", "version"));
    facts.put("git_commit", property("git.properties", "commit"));
    facts.put("backend_version", backend);
    facts.put(
        "jvm",
        System.getProperty("java.vm.name") + " " + System.getProperty("java.runtime.version"));
    facts.put(
        "jvm_arguments",
        String.join(" ", ManagementFactory.getRuntimeMXBean().getInputArguments()));
    facts.put(
        "os",
        String.join(
            " ",
            System.getProperty("os.name"),
            System.getProperty("os.version"),
            System.getProperty("os.arch")));
    facts.put("cpu", line(Path.of("/proc/cpuinfo"), "model name"));
    facts.put("processors", "" + Runtime.getRuntime().availableProcessors());
    facts.put("memory", line(Path.of("/proc/meminfo"), "MemTotal"));
    return facts;
  }

  private static String property(String resource, String key) {
    try (InputStream in = Environment.class.getResourceAsStream(resource)) {
      if (in == null) {
        return UNKNOWN;
      }
      Properties properties = new Properties();
      properties.load(in);
      return properties.getProperty(key, UNKNOWN);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The value of the first line that begins with the key, in a Linux information file. */
  private static String line(Path file, String key) {
    try {
      for (String line : Files.readAllLines(file)) {
        if (line.startsWith(key)) {
          return line.substring(line.indexOf(':') + 1).strip();
        }
      }
    } catch (IOException e) {
      // This system has no such file.
    }
    return UNKNOWN;
  }
}
