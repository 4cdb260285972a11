package io.github.neuronembed.measurements;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonObject;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.neuron.EmulatedModels;
import io.github.neuronembed.cli.Folders;
import io.github.neuronembed.cli.NeuronEmbed;
import io.github.neuronembed.cli.models.ModelArgument;
import io.github.neuronembed.model.ModelDirectory;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Writer;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Runs {@code neuron-embed serve} in another process, on emulated models without weights, so that a
 * measurement shows only the host's part.
 */
final class EmulatedServer implements AutoCloseable {

  private static final String SERVING = "serving on ";

  private final ModelDirectory model;
  private final Process process;
  private final URI address;

  private EmulatedServer(ModelDirectory model, Process process, URI address) {
    this.model = model;
    this.process = process;
    this.address = address;
  }

  /**
   * Starts the server on a free port.
   *
   * @param shapes compiled shapes
   * @param emulator the emulator's configuration; its README describes the format
   * @param options options of {@code serve}
   * @throws IOException if the server does not start
   */
  static EmulatedServer start(List<Shape> shapes, JsonObject emulator, List<String> options)
      throws IOException {
    Path folder = Files.createTempDirectory("emulated-server");
    Process process = null;
    try {
      ModelDirectory model =
          EmulatedModels.HASHED.linked(
              ModelArgument.resolve(ModelArgument.AT_HAND), shapes, folder);
      List<String> command =
          new ArrayList<>(
              List.of(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xmx256m",
                  "-cp",
                  System.getProperty("java.class.path"),
                  NeuronEmbed.class.getName(),
                  "serve",
                  "--backend",
                  "emulator",
                  "--model",
                  folder.toString(),
                  "--port",
                  "0"));
      command.addAll(options);
      ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
      builder.environment().put("NRT_EMULATOR_CONFIG", emulator.toString());
      process = builder.start();
      return new EmulatedServer(model, process, address(process));
    } catch (IOException e) {
      if (process != null) {
        process.destroy();
      }
      Folders.delete(folder);
      throw e;
    }
  }

  private static URI address(Process process) throws IOException {
    BufferedReader output =
        new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8));
    StringBuilder said = new StringBuilder();
    for (String line = output.readLine(); line != null; line = output.readLine()) {
      said.append(line).append('\n');
      int at = line.indexOf(SERVING);
      if (at >= 0) {
        drain(output);
        return URI.create(line.substring(at + SERVING.length()));
      }
    }
    throw new IOException("The server ended: " + said);
  }

  /** Reads the server's output; a full pipe would block the server. */
  private static void drain(BufferedReader output) {
    Thread thread =
        new Thread(
            () -> {
              try {
                output.transferTo(Writer.nullWriter());
              } catch (IOException e) {
                // The process has ended, and its output with it.
              }
            },
            "server-output");
    thread.setDaemon(true);
    thread.start();
  }

  ModelDirectory model() {
    return model;
  }

  URI address() {
    return address;
  }

  /** Physical memory of the process in bytes; 0 if the system does not report it. */
  long residentBytes() throws IOException {
    Path status = Path.of("/proc", Long.toString(process.pid()), "status");
    if (!Files.isReadable(status)) {
      return 0;
    }
    try (Stream<String> lines = Files.lines(status)) {
      return lines
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", "")))
          .findFirst()
          .orElse(0);
    }
  }

  /** Makes the server collect garbage, so that its heap then holds only objects in use. */
  void collectGarbage() throws IOException, InterruptedException {
    Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
    Process collection =
        new ProcessBuilder(jcmd.toString(), Long.toString(process.pid()), "GC.run")
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    if (collection.waitFor() != 0) {
      throw new IOException("%s GC.run failed with %s.".formatted(jcmd, collection.exitValue()));
    }
  }

  @Override
  public void close() throws IOException {
    process.destroy();
    process.onExit().join();
    Folders.delete(model.folder());
  }
}
