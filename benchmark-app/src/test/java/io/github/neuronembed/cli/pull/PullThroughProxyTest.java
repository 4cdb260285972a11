package io.github.neuronembed.cli.pull;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.neuronembed.cli.NeuronEmbed;
import io.github.neuronembed.cli.Streams;
import io.github.neuronembed.model.ModelFolder;
import io.github.neuronembed.model.graph.BertShape;
import io.github.neuronembed.model.graph.RandomBertModel;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.commons.cli.DefaultParser;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where the network is behind a proxy, as companies have it. */
@Tag("machine-format")
class PullThroughProxyTest {

  /** "user:secret". */
  private static final String LOGIN = "Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=";

  private final Map<String, String> environment = new HashMap<>();
  private @TempDir Path home;
  private StandInHub hub;
  private StandInProxy proxy;

  @BeforeEach
  void start() throws Exception {
    hub = new StandInHub();
    proxy = new StandInProxy();
    Path model = home.resolve("repository");
    ModelFolder.complete(model);
    Files.createDirectories(model.resolve("onnx"));
    RandomBertModel.write(
        model.resolve("onnx/model.onnx"),
        new BertShape(2, 8, 2, 16, ModelFolder.VOCABULARY, 64),
        1);
    try (Stream<Path> files = Files.walk(model)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        hub.files.put(model.relativize(file).toString(), Files.readAllBytes(file));
      }
    }
    environment.put("HF_ENDPOINT", hub.endpoint());
    environment.put("HF_HOME", home.resolve("huggingface").toString());
  }

  @AfterEach
  void stop() throws Exception {
    proxy.close();
    hub.close();
  }

  private int pull() throws Exception {
    PullCommand command =
        new PullCommand(environment, pause -> Duration.ZERO, Duration.ofSeconds(20));
    String[] arguments = {"--output", home.resolve("pulled").toString(), hub.repository};
    return command.run(
        new DefaultParser().parse(command.options(), arguments),
        new Streams(
            InputStream.nullInputStream(),
            new ByteArrayOutputStream(),
            new PrintStream(new ByteArrayOutputStream(), true, UTF_8),
            false));
  }

  @Test
  void everyRequestGoesThroughIt() throws Exception {
    environment.put("http_proxy", "http://user:secret@" + proxy.address());

    assertThat(pull()).isZero();

    assertThat(hub.seen).isNotEmpty();
    assertThat(proxy.seen)
        .hasSameSizeAs(hub.seen)
        .allSatisfy(head -> assertThat(head.get(0)).contains(" http://127.0.0.1:"))
        .allSatisfy(head -> assertThat(head).contains(LOGIN));
    assertThat(hub.seen).allMatch(request -> request.header("Proxy-Authorization").isEmpty());
  }

  @Test
  void whatNoProxyNamesDoesNot() throws Exception {
    environment.put("HTTP_PROXY", "http://user:secret@" + proxy.address());
    environment.put("NO_PROXY", "localhost,127.0.0.0/8");

    assertThat(pull()).isZero();

    assertThat(proxy.seen).isEmpty();
    assertThat(hub.seen).allMatch(request -> request.header("Proxy-Authorization").isEmpty());
  }

  @Test
  void aProxyThatIsNotThereIsNamed() throws Exception {
    environment.put("ALL_PROXY", "http://" + proxy.address());
    proxy.close();
    assertThatExceptionOfType(HubException.class)
        .isThrownBy(this::pull)
        .withMessageContaining("the proxy " + proxy.address() + " does not take connections")
        .withMessageContaining("HTTPS_PROXY");
  }

  /** In a process of its own: the JDK decides once a process whether a password may be sent. */
  @Test
  void httpsAsksForATunnelWithThePassword() throws Exception {
    Path output = home.resolve("output");
    ProcessBuilder program =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            NeuronEmbed.class.getName(),
            "pull",
            "--output",
            home.resolve("pulled").toString(),
            hub.repository);
    program.environment().putAll(environment);
    program.environment().keySet().removeAll(List.of("https_proxy", "no_proxy", "NO_PROXY"));
    program.environment().put("HF_ENDPOINT", "https://hub.example");
    program.environment().put("HTTPS_PROXY", "http://user:secret@" + proxy.address());
    Process process = program.redirectErrorStream(true).redirectOutput(output.toFile()).start();
    boolean ended = process.waitFor(2, TimeUnit.MINUTES);
    process.destroyForcibly();

    assertThat(ended).isTrue();
    assertThat(process.exitValue()).isEqualTo(1);
    assertThat(proxy.seen)
        .singleElement()
        .satisfies(head -> assertThat(head.get(0)).startsWith("CONNECT hub.example:443 "))
        .satisfies(head -> assertThat(head).contains(LOGIN));
    assertThat(Files.readString(output))
        .contains("through the proxy " + proxy.address())
        .doesNotContain("secret");
  }
}
