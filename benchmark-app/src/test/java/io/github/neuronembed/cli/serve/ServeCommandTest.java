package io.github.neuronembed.cli.serve;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import io.github.neuronembed.NeedsNativeCore;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.neuron.EmulatedModels;
import io.github.neuronembed.cli.NeuronEmbed;
import io.github.neuronembed.vectors.Int8Ranges;
import io.github.neuronembed.vectors.RangesFile;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The command as a process. */
@Timeout(300)
class ServeCommandTest {

  private static final String SERVING = "neuron-embed: serving on ";

  @TempDir Path temp;
  private final List<String> said = new ArrayList<>();

  private static Process start(String... arguments) throws IOException {
    return start(Map.of(), arguments);
  }

  private static Process start(Map<String, String> environment, String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(NeuronEmbed.class.getName());
    command.add("serve");
    command.addAll(Arrays.asList(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().remove(ServeCommand.TOKEN_VARIABLE);
    builder.environment().putAll(environment);
    return builder.start();
  }

  private static BufferedReader output(Process process) {
    return new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8));
  }

  private URI address(BufferedReader output) throws IOException {
    for (String line = output.readLine(); line != null; line = output.readLine()) {
      said.add(line);
      if (line.startsWith(SERVING)) {
        return URI.create(line.substring(SERVING.length()));
      }
    }
    throw new AssertionError("It ended: " + said);
  }

  private static HttpRequest embed(URI server, String body) {
    return HttpRequest.newBuilder(server.resolve("/v1/embeddings"))
        .header("Content-Type", "application/json")
        .header("Authorization", "Bearer s3cret")
        .POST(BodyPublishers.ofString(body))
        .build();
  }

  @Test
  void servesUntilSigtermAndLetsRequestsEnd() throws Exception {
    Path token = Files.writeString(temp.resolve("token"), "s3cret\n");
    Process process =
        start("--port", "0", "--drain-timeout", "120", "--token-file", token.toString());
    try (BufferedReader output = output(process)) {
      URI server = address(output);
      HttpClient client = HttpClient.newHttpClient();
      CompletableFuture<HttpResponse<String>> slow = started(client, server, 30);

      // Not Process.destroy, which also closes the streams.
      process.toHandle().destroy();

      assertThat(slow.get().statusCode()).isEqualTo(200);
      assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
      assertThat(process.exitValue()).isZero();
      output.lines().forEach(said::add);
      assertThat(said)
          .contains("neuron-embed: shutting down; requests in flight are served first.")
          .noneMatch(line -> line.contains("tide") || line.contains("s3cret"))
          .noneMatch(line -> line.contains("ERROR") || line.contains("Exception"));
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void aSecondSignalEndsItAtOnce() throws Exception {
    Path token = Files.writeString(temp.resolve("token"), "s3cret\n");
    Process process = start("--port", "0", "--token-file", token.toString());
    try (BufferedReader output = output(process)) {
      URI server = address(output);
      HttpClient client = HttpClient.newHttpClient();
      CompletableFuture<HttpResponse<String>> slow = started(client, server, 64);
      process.toHandle().destroy();
      String line = output.readLine();
      while (line != null && !line.contains("shutting down; requests in flight are served first")) {
        line = output.readLine();
      }
      assertThat(line).isNotNull();

      process.toHandle().destroy();

      assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
      assertThat(process.exitValue()).isEqualTo(128 + 15);
      assertThat(slow.handle((response, failure) -> failure != null).get()).isTrue();
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  @NeedsNativeCore
  void failedCoresShowInItsHealthAndTheLastOneEndsService() throws Exception {
    Path folder = emulatedModel();
    // Two slots warm up on each core; both cores die later, the second one after the first.
    String plan =
        """
        {"cores": 2, "faults": [
          {"call": "execute", "core": 1, "from": 13, "status": 101},
          {"call": "execute", "core": 0, "from": 7, "status": 101}]}
        """;
    Process process =
        start(
            Map.of("NRT_EMULATOR_CONFIG", plan),
            "--port",
            "0",
            "--backend",
            "emulator",
            "--model",
            folder.toString());
    try (BufferedReader output = output(process)) {
      URI server = address(output);
      HttpClient client = HttpClient.newHttpClient();
      assertThat(get(client, server, "/health/ready").body()).contains("\"status\":\"ready\"");
      List<Integer> statuses = new ArrayList<>();
      List<String> states = new ArrayList<>();
      for (int i = 0; i < 30; i++) {
        statuses.add(
            client.send(embed(server, "{\"input\":\"a\"}"), BodyHandlers.ofString()).statusCode());
        HttpResponse<String> health = get(client, server, "/health/ready");
        states.add(
            JsonParser.parseString(health.body()).getAsJsonObject().get("status").getAsString());
      }

      assertThat(states).contains("degraded").endsWith("failed");
      // What a dying core held is done by the other one.
      assertThat(statuses.subList(0, states.indexOf("failed"))).containsOnly(200);
      assertThat(statuses.get(29)).isEqualTo(503);
      HttpResponse<String> ready = get(client, server, "/health/ready");
      assertThat(ready.statusCode()).isEqualTo(503);
      assertThat(
              JsonParser.parseString(ready.body())
                  .getAsJsonObject()
                  .getAsJsonObject("failed_cores")
                  .keySet())
          .containsExactly("0", "1");
      assertThat(get(client, server, "/health/live").statusCode()).isEqualTo(503);
      process.toHandle().destroy();
      assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
      assertThat(process.exitValue()).isZero();
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  @NeedsNativeCore
  void aConfigurationOfTheEmulatorThatMakesNoSenseIsSaid() throws Exception {
    Process process =
        start(Map.of("NRT_EMULATOR_CONFIG", "/nowhere"), "--port", "0", "--backend", "emulator");

    List<String> lines = lines(process);

    assertThat(process.waitFor()).isEqualTo(1);
    assertThat(lines).anyMatch(line -> line.contains("NRT_EMULATOR_CONFIG is neither"));
  }

  private static HttpResponse<String> get(HttpClient client, URI server, String path)
      throws IOException, InterruptedException {
    return client.send(
        HttpRequest.newBuilder(server.resolve(path)).build(), BodyHandlers.ofString());
  }

  /** The model with an emulated one of a single shape, which computes nothing. */
  private Path emulatedModel() throws IOException {
    return EmulatedModels.HASHED
        .linked(RunningServer.MODEL, List.of(new Shape(1, 64)), temp.resolve("model"))
        .folder();
  }

  /** A request of so many long texts that the server has begun with. */
  private static CompletableFuture<HttpResponse<String>> started(
      HttpClient client, URI server, int texts) throws InterruptedException {
    CompletableFuture<HttpResponse<String>> request =
        client.sendAsync(
            embed(server, "{\"input\":" + RunningServer.longTexts(texts) + "}"),
            BodyHandlers.ofString());
    RunningServer.await(() -> isWorking(client, server));
    return request;
  }

  private static boolean isWorking(HttpClient client, URI server) {
    try {
      HttpRequest request =
          HttpRequest.newBuilder(server.resolve("/metrics"))
              .header("Authorization", "Bearer s3cret")
              .build();
      return client
          .send(request, BodyHandlers.ofString())
          .body()
          .contains("http_server_active_requests 1.0");
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "--port|99999, '--port is a number from 0 to 65535, not '",
    "--max-texts|0, --max-texts is a number from 1",
    "extra, serve takes options only",
    "--model|/nowhere, --model /nowhere is neither"
  })
  void argumentsThatMakeNoSenseAreAUsageError(String arguments, String message) throws Exception {
    Process process = start(arguments.split("\\|"));

    List<String> lines = lines(process);

    assertThat(process.waitFor()).isEqualTo(2);
    assertThat(lines).anyMatch(line -> line.contains(message));
  }

  @Test
  void rangesOfAnotherLengthAreAUsageError() throws Exception {
    Path file = temp.resolve("ranges.npy");
    Files.write(file, RangesFile.toBytes(Int8Ranges.of(new float[] {-1}, new float[] {1})));
    Process process = start("--ranges", file.toString());

    List<String> lines = lines(process);

    assertThat(process.waitFor()).isEqualTo(2);
    assertThat(lines).anyMatch(line -> line.contains("--ranges") && line.contains("384"));
  }

  @Test
  void aPortThatIsTakenIsSaid() throws Exception {
    try (RunningServer other = RunningServer.ofHashes(RunningServer.options(), Duration.ZERO)) {
      Process process = start("--port", Integer.toString(other.server.port()));

      List<String> lines = lines(process);

      assertThat(process.waitFor()).isEqualTo(1);
      assertThat(lines)
          .endsWith(
              "neuron-embed: Port %s of 127.0.0.1 is taken; give another --port."
                  .formatted(other.server.port()));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "nowhere.invalid | There is no host nowhere.invalid; give another --host.",
        "192.0.2.1       | 192.0.2.1 is not an address of this machine; give another --host."
      })
  void aHostThatIsNotHereIsSaid(String host, String message) throws Exception {
    Process process = start("--host", host, "--port", "0");

    List<String> lines = lines(process);

    assertThat(process.waitFor()).isEqualTo(1);
    assertThat(lines).endsWith("neuron-embed: " + message);
  }

  private static List<String> lines(Process process) throws IOException {
    try (BufferedReader output = output(process);
        Stream<String> lines = output.lines()) {
      return lines.toList();
    }
  }
}
