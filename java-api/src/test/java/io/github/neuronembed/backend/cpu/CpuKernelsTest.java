package io.github.neuronembed.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.neuronembed.BackendUnavailableException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which kernel is taken where nobody names one. */
class CpuKernelsTest {

  @Test
  void theFastestIsTaken() {
    assertThat(CpuKernels.fastest(List.of("avx512vnni", "avx2", "portable")))
        .isEqualTo("avx512vnni");
  }

  @Test
  void whatWasNeverFasterThanOnnxRuntimeIsTakenByNameOnly() {
    assertThatExceptionOfType(BackendUnavailableException.class)
        .isThrownBy(() -> CpuKernels.fastest(List.of("neon", "portable")))
        .withMessageContaining("-Dneuronembed.encoder.kernel takes one of neon, portable");
  }
}
