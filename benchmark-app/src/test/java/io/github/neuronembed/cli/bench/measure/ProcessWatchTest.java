package io.github.neuronembed.cli.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.neuronembed.cli.bench.result.Figures;
import java.util.List;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;

/** What a measurement needs of the process. */
class ProcessWatchTest {

  @Test
  void theProcessIsAccountedFor() {
    ProcessWatch watch = new ProcessWatch();
    List<byte[]> held = List.of(new byte[32 << 20]);
    CRC32 work = new CRC32();
    for (int round = 0; round < 20; round++) {
      work.update(held.get(0));
    }

    Figures.ProcessUse use = watch.end();

    assertThat(work.getValue()).isNotZero();
    assertThat(use.cpuPercent()).isPositive().isFinite();
    assertThat(use.peakHeapMegabytes()).isGreaterThan(32);
    assertThat(use.peakResidentMegabytes()).isGreaterThanOrEqualTo(use.residentMegabytes());
  }

  @Test
  void allProcessorsAtWorkAreAHundredPercent() {
    assertThat(ProcessWatch.percent(1_000, 1_000, 1)).isEqualTo(100);
    assertThat(ProcessWatch.percent(1_000, 1_000, 4)).isEqualTo(25);
    assertThat(ProcessWatch.percent(3_000, 1_000, 2)).isEqualTo(150);
  }
}
