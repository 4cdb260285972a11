package io.github.neuronembed.spark;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.apache.spark.resource.ResourceInformation;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The script's answers, read as Spark reads them. */
class DiscoveryScriptTest {

  @TempDir Path folder;

  private Path devices;
  private Path tree;

  private record Answer(int code, String out, String error) {}

  @BeforeEach
  void machineWithoutDevices() throws IOException {
    devices = Files.createDirectory(folder.resolve("dev"));
    tree = Files.createDirectory(folder.resolve("tree"));
  }

  @Test
  void countsTheCoresOfTheDevices() throws Exception {
    for (int i = 0; i < 6; i++) {
      addDevice("neuron" + i, "2\n");
    }

    assertThat(addresses(Map.of()))
        .containsExactly("00", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11");
    assertThat(addresses(Map.of("NEURON_CORES_PER_ADDRESS", "6")))
        .containsExactly("00-05", "06-11");
  }

  @Test
  void aContainersOnlyDeviceHasTheFirstCores() throws Exception {
    addDevice("neuron4", "2\n");

    assertThat(addresses(Map.of())).containsExactly("0", "1");
  }

  @Test
  void aMachineWithoutDevicesHasNone() throws Exception {
    assertThat(addresses(Map.of())).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"0-3 | 0,1,2,3", "5 | 5", "9,10,11 | 09,10,11", "'0-1, 2' | 0,1,2"})
  void heedsWhatTheEnvironmentAllows(String visible, String expected) throws Exception {
    addDevice("neuron0", "2\n");

    assertThat(addresses(Map.of("NEURON_RT_VISIBLE_CORES", visible)))
        .containsExactly(expected.split(",", -1));
  }

  @ParameterizedTest
  @CsvSource({"a, 1", "0-, 1", "'0,,1', 1", "5-3, 1", "0-2, 2", "0-3, 0", "0-3, x", "'0,1,4,5', 4"})
  void saysWhatIsWrong(String visible, String perAddress) throws Exception {
    Answer answer =
        run(Map.of("NEURON_RT_VISIBLE_CORES", visible, "NEURON_CORES_PER_ADDRESS", perAddress));

    assertThat(answer.code).isNotZero();
    assertThat(answer.out).isEmpty();
    assertThat(answer.error).contains("discover-neuroncores: ");
  }

  @Test
  void aDeviceWithoutItsDriverIsAnError() throws Exception {
    Files.createFile(devices.resolve("neuron0"));

    Answer answer = run(Map.of());

    assertThat(answer.code).isNotZero();
    assertThat(answer.out).isEmpty();
    assertThat(answer.error).contains("core_count cannot be read");
  }

  private void addDevice(String name, String cores) throws IOException {
    Files.createFile(devices.resolve(name));
    Files.writeString(Files.createDirectory(tree.resolve(name)).resolve("core_count"), cores);
  }

  private String[] addresses(Map<String, String> environment) throws Exception {
    Answer answer = run(environment);
    assertThat(answer.code).as(answer.error).isZero();
    ResourceInformation information = ResourceInformation.parseJson(answer.out);
    assertThat(information.name()).isEqualTo(ExecutorCores.RESOURCE);
    return information.addresses();
  }

  private Answer run(Map<String, String> environment) throws Exception {
    Path script = Path.of(NeuronEmbed.class.getResource("discover-neuroncores.sh").toURI());
    ProcessBuilder builder = new ProcessBuilder("sh", script.toString());
    builder.environment().remove("NEURON_RT_VISIBLE_CORES");
    builder.environment().put("NEURON_DEVICES", devices.toString());
    builder.environment().put("NEURON_DEVICE_TREE", tree.toString());
    builder.environment().putAll(environment);
    Path error = folder.resolve("stderr");
    Process process = builder.redirectError(error.toFile()).start();
    String out = new String(process.getInputStream().readAllBytes(), UTF_8);
    return new Answer(process.waitFor(), out, Files.readString(error));
  }
}
