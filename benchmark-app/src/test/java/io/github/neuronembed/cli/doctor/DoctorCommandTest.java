package io.github.neuronembed.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.github.neuronembed.NeedsNativeCore;
import io.github.neuronembed.cli.ExitCode;
import io.github.neuronembed.cli.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DoctorCommandTest {

  @TempDir private Path root;
  private final Shell shell = new Shell();

  @Test
  void aMachineWithoutDevicesGetsRemedies() {
    assertThat(findings(Map.of()))
        .extracting(Finding::level, Finding::subject)
        .contains(tuple(Finding.Level.PROBLEM, "devices"), tuple(Finding.Level.PROBLEM, "driver"));
    assertThat(findings(Map.of()))
        .filteredOn(finding -> finding.level() == Finding.Level.PROBLEM)
        .allSatisfy(finding -> assertThat(finding.remedy()).isNotEmpty());
  }

  @Test
  void devicesDriverAndWhoHoldsThemAreSeen() throws IOException {
    Files.createDirectories(root.resolve("dev"));
    for (String name : List.of("neuron0", "neuron1", "neuron_notes")) {
      Files.createFile(root.resolve("dev").resolve(name));
    }
    Files.createDirectories(root.resolve("sys/module/neuron"));
    Files.writeString(root.resolve("sys/module/neuron/version"), "2.24.7.0\n");
    Path process = Files.createDirectories(root.resolve("proc/4242/fd"));
    Files.createSymbolicLink(process.resolve("3"), root.resolve("dev/neuron1"));
    Files.writeString(root.resolve("proc/4242/comm"), "trainer\n");

    List<Finding> findings = findings(Map.of());

    assertThat(text(findings, "devices")).startsWith("2: ").endsWith("neuron1");
    assertThat(text(findings, "driver")).isEqualTo("neuron 2.24.7.0");
    assertThat(text(findings, "users")).isEqualTo("Devices are open in trainer (4242).");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0|true",
        "0-3|true",
        "2,3|true",
        "0-1,2-5|true",
        "0,2|false",
        "3-1|false",
        "x|false",
        "0,|false"
      })
  void visibleCoresAreOneRange(String cores, boolean contiguous) {
    assertThat(MachineCheck.isContiguous(cores)).isEqualTo(contiguous);
    assertThat(findings(Map.of("NEURON_RT_VISIBLE_CORES", cores)))
        .filteredOn(finding -> finding.subject().equals("cores"))
        .extracting(Finding::level)
        .containsExactly(contiguous ? Finding.Level.OK : Finding.Level.PROBLEM);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      value = {
        "2.26.5.0 | 2.32.31.0 | Upgrade aws-neuronx-dkms on the host to 2.27 or later.",
        "2.26.5.0 | 2.31.24.0 | -",
        "2.27.0.0 | 2.32.31.0 | -",
        "2.29.0.0 | 2.31.24.0 | Upgrade aws-neuronx-runtime-lib.",
        "2.29.0.0 | 2.33.10.0 | -",
        "2.30.2.0 | 2.34.10.0 | -",
        "2.31.7.0 | 2.35.30.0 | -",
        "2.31.7.0 | 2.32.31.0 | Upgrade aws-neuronx-runtime-lib.",
        "2.26.5.0 | 2.35.30.0 | Upgrade aws-neuronx-dkms on the host to 2.27 or later.",
        "2.30.2.0 | 2.35.30.0 | Nothing else here needs it; upgrade aws-neuronx-dkms on the host to profile.",
        "''       | 2.32.31.0 | -",
        "unknown  | 2.32.31.0 | -"
      })
  void driverAndRuntimeMustFit(String driver, String runtime, @Nullable String remedy) {
    assertThat(RuntimeCheck.pairing(driver, runtime).map(Finding::remedy))
        .isEqualTo(Optional.ofNullable(remedy));
  }

  @ParameterizedTest
  @CsvSource({
    "2.35.30.0,' of SDK 2.33'",
    "2.34.10.0,' of SDK 2.32'",
    "2.23.110.0,' of SDK 2.21'",
    "2.36.0.0,''",
    "2.10.30.0,''",
    "3.30.0.0,''",
    "'',''"
  })
  void aRuntimeNamesItsSdk(String runtime, String sdk) {
    assertThat(RuntimeCheck.sdk(runtime)).isEqualTo(sdk);
  }

  @ParameterizedTest
  @CsvSource({"1,session,true", "1,1,true", "1,0,false", "1,'',false", "0,1,false", "'',1,false"})
  void aDeviceProfileThatIsOnIsNoted(String enabled, String profile, boolean noted) {
    Map<String, String> environment =
        Map.of("NEURON_RT_INSPECT_ENABLE", enabled, "NEURON_RT_INSPECT_DEVICE_PROFILE", profile);
    assertThat(findings(environment).stream().map(Finding::text))
        .filteredOn(text -> text.contains("64 MB"))
        .hasSize(noted ? 1 : 0);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "linux-x86_64|Add neuron-embed-native|Install aws-neuronx-runtime-lib",
        "linux-aarch64|Add neuron-embed-native|AWS publishes it for x86-64 hosts alone",
        "mac_os_x-aarch64|Use --backend onnx here|AWS publishes it for x86-64 hosts alone",
      })
  void whatIsMissingIsJudgedByThePlatform(String platform, String library, String libnrt) {
    assertThat(RuntimeCheck.nativeRemedy(platform)).contains(library);
    assertThat(RuntimeCheck.libnrtRemedy(platform)).contains(libnrt);
  }

  @Test
  @NeedsNativeCore
  void theEmulatorTakesItsCoresAndIsLabelled() {
    assertThat(shell.run("doctor", "--emulator", "--take-cores")).isZero();
    assertThat(shell.out())
        .startsWith("The emulated libnrt; this says nothing about a device.")
        .contains("2 visible of 2")
        .contains("Nothing is missing");
  }

  @Test
  void aModelWithoutCompiledOnesIsAProblem() {
    assertThat(shell.run("doctor", "--emulator", "--model", "bge-small-en-v1.5"))
        .isEqualTo(ExitCode.FAILED);
    assertThat(shell.out()).contains("manifest.json does not exist").contains("neuron-embed pack");
    assertThat(shell.out())
        .contains("bert, 384 numbers, pooled by cls, normalised, texts of up to 512 tokens")
        .contains("the embedding is read from last_hidden_state, a vector of 384 numbers");
  }

  @Test
  @NeedsNativeCore
  void thisMachineIsJudgedWithoutACrash() {
    int code = shell.run("doctor");

    assertThat(code).isIn(ExitCode.DONE, ExitCode.FAILED);
    assertThat(shell.out()).contains("native").contains("libnrt");
  }

  private List<Finding> findings(Map<String, String> environment) {
    return new MachineCheck(root, environment).findings();
  }

  private static String text(List<Finding> findings, String subject) {
    return findings.stream()
        .filter(finding -> finding.subject().equals(subject))
        .findFirst()
        .orElseThrow()
        .text();
  }
}
