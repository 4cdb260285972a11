package io.github.neuronembed.nrt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole way through JNI under the JVM's own checks ({@code -Xcheck:jni}). */
class JniCheckTest {

  @TempDir Path folder;

  @Test
  void theJvmHasNothingToSayAgainstOurJni() throws Exception {
    assumeTrue(
        JniCheckTest.class.getResource(
                "/neuron-embed/" + NativeLibrary.platform() + "/emulator/libnrt.so.1")
            != null,
        "the emulator was not built: install nlohmann-json3-dev and zlib1g-dev");
    Path neff = folder.resolve("model.neff");
    new EmulatedNeff(2, 8, 1, false, false, true, false, 64, 1000, 0).write(neff, null);
    Path output = folder.resolve("output.txt");

    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-Xcheck:jni",
                "-Xmx64m",
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                JniCheckedProgram.class.getName(),
                neff.toString())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertThat(process.waitFor(300, TimeUnit.SECONDS)).as("it ended").isTrue();
    } finally {
      process.destroyForcibly();
    }

    String said = Files.readString(output, StandardCharsets.UTF_8);
    assertThat(process.exitValue()).as(said).isZero();
    assertThat(said).contains("all crossings done");
    // "WARNING in native method", "WARNING: JNI local refs", "FATAL ERROR in native method".
    assertThat(said).doesNotContain("WARNING").doesNotContain("FATAL");
  }
}
