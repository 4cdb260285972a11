package io.github.neuronembed.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class CacheFolderTest {

  @Test
  void theProgramsOwnVariableWinsOverTheDesktopsAndThatOverTheHome() {
    assertThat(CacheFolder.path("/own", "/xdg", "/home/me")).isEqualTo(Path.of("/own"));
    assertThat(CacheFolder.path(null, "/xdg", "/home/me")).isEqualTo(Path.of("/xdg/neuron-embed"));
    assertThat(CacheFolder.path("", "", "/home/me"))
        .isEqualTo(Path.of("/home/me/.cache/neuron-embed"));
  }

  @Test
  void aRelativeFolderIsTheWorkingDirectorys() {
    assertThat(CacheFolder.path("cache", null, "/home/me"))
        .isEqualTo(Path.of("cache").toAbsolutePath());
  }
}
