package io.github.neuronembed.spark;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.jar.JarOutputStream;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import org.apache.spark.sql.SparkSession;

/**
 * Spark's standalone cluster on this machine: its master and one worker in this JVM, executors in
 * JVMs of their own. They start as on any cluster: Spark's jars are their class path, and what a
 * job needs of neuron-embed comes behind them as {@code spark.jars}.
 */
final class StandaloneCluster {

  /** What docs/spark.md says to pass; and the tests themselves, which are the job. */
  private static final Pattern PASSED =
      Pattern.compile(
          ".*/(neuron-embed(-spark|-native)?-[^/]*(?<!tests)"
              + "|api-[^/]*|tokenizers-[^/]*|onnxruntime-[^/]*|javacpp-[^/]*|jna-[^/]*)\\.jar"
              + "|.*/(java-api|native|spark)/target/(test-)?classes/?");

  private static final Pattern OF_SPARK =
      Pattern.compile("(?!.*/(junit|assertj|byte-buddy|opentest4j|langchain4j|jspecify)).*\\.jar");

  private StandaloneCluster() {}

  /**
   * Describes a session with two executors, each with two of the worker's four NeuronCores.
   *
   * @param emulator configuration of the executors' emulator
   */
  static SparkSession.Builder builder(String emulator) throws IOException {
    Path home = Path.of(System.getenv("SPARK_HOME"));
    Path jars = Files.createDirectories(home.resolve("jars"));
    List<String> passed = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      Path path = Path.of(entry);
      if (PASSED.matcher(entry).matches()) {
        passed.add((Files.isDirectory(path) ? jarOf(path, home) : path).toUri().toString());
      } else if (OF_SPARK.matcher(entry).matches()) {
        Path link = jars.resolve(path.getFileName());
        Files.deleteIfExists(link);
        Files.createSymbolicLink(link, path);
      }
    }
    Path logging = Files.createDirectories(home.resolve("conf")).resolve("log4j2.properties");
    Files.copy(
        Path.of("src/test/resources/log4j2-test.properties"),
        logging,
        StandardCopyOption.REPLACE_EXISTING);
    return LocalSpark.builder("local-cluster[1,4,2048]")
        .config("spark.jars", String.join(",", passed))
        .config("spark.executor.memory", "1g")
        .config("spark.executor.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        .config("spark.executor.cores", 2)
        .config("spark.executorEnv.NRT_EMULATOR_CONFIG", emulator)
        .config("spark.executorEnv.NEURON_EMBED_CACHE", System.getenv("NEURON_EMBED_CACHE"))
        .config("spark.worker.resource.neuroncore.amount", 4)
        .config("spark.worker.resource.neuroncore.discoveryScript", discovery(home).toString())
        .config("spark.executor.resource.neuroncore.amount", 2)
        .config("spark.task.maxFailures", 2)
        .config("spark.task.resource.neuroncore.amount", 1);
  }

  /** The script, on a machine of four cores. */
  private static Path discovery(Path home) throws IOException {
    Path script = home.resolve("discover.sh");
    Files.copy(
        Objects.requireNonNull(NeuronEmbed.class.getResourceAsStream("discover-neuroncores.sh")),
        script,
        StandardCopyOption.REPLACE_EXISTING);
    Path four = home.resolve("discover-four.sh");
    Files.writeString(
        four, "#!/bin/sh\nNEURON_RT_VISIBLE_CORES=0-3 exec sh '%s'\n".formatted(script));
    Files.setPosixFilePermissions(four, PosixFilePermissions.fromString("rwx------"));
    return four;
  }

  private static Path jarOf(Path classes, Path home) throws IOException {
    Path jar = home.resolve(classes.toString().replace('/', '_') + ".jar");
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar));
        Stream<Path> files = Files.walk(classes)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        out.putNextEntry(new ZipEntry(classes.relativize(file).toString()));
        Files.copy(file, out);
        out.closeEntry();
      }
    }
    return jar;
  }
}
