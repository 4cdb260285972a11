package io.github.neuronembed.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import io.github.neuronembed.BackendChoice;
import io.github.neuronembed.cli.bench.measure.Backends;
import io.github.neuronembed.cli.bench.result.Cell;
import java.util.List;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.DefaultParser;
import org.junit.jupiter.api.Test;

/** Which cells there are without a word about them: NeuronPerf's. */
class MatrixArgumentsTest {

  private static List<Cell> cells(int cores, String... arguments) throws Exception {
    CommandLine line = new DefaultParser().parse(BenchOptions.all(), arguments);
    return MatrixArguments.of(line).cells(() -> cores);
  }

  @Test
  void oneModelAndOneForEachCoreWithOneWorkerAndTwo() throws Exception {
    assertThat(cells(3, "--batch-size", "4", "--sequence-length", "64"))
        .extracting(cell -> cell.models() + " " + cell.workersPerModel())
        .containsExactly("1 1", "1 2", "3 1", "3 2");
    assertThat(cells(1, "--batch-sizes", "4", "--sequence-lengths", "64"))
        .extracting(Cell::models)
        .containsExactly(1, 1);
    assertThat(cells(3, "--n-models", "2")).extracting(Cell::models).containsOnly(2);
  }

  @Test
  void shapesArePackedOrPlain() throws Exception {
    assertThat(cells(1, "--shapes", "4x128,1x256p32", "--workers-per-model", "3"))
        .extracting(Cell::tag)
        .containsExactly("4x128.m1.w3", "1x256p32.m1.w3");
  }

  @Test
  void neuronPerfsNamesMeanTheSame() throws Exception {
    assertThat(cells(1, "--batch-size", "2,8", "--sequence-length", "16"))
        .isEqualTo(cells(1, "--batch-sizes", "2,8", "--sequence-lengths", "16"));
  }

  @Test
  void theEmulatorsCoresAreThoseOfItsConfiguration() {
    JsonObject emulator = new JsonObject();
    assertThat(Backends.cores(BackendChoice.EMULATOR, emulator)).isEqualTo(2);
    emulator.addProperty("instance", "inf2.48xlarge");
    assertThat(Backends.cores(BackendChoice.EMULATOR, emulator)).isEqualTo(24);
    emulator.addProperty("cores", 3);
    assertThat(Backends.cores(BackendChoice.EMULATOR, emulator)).isEqualTo(3);
    assertThat(Backends.cores(BackendChoice.ONNX, emulator)).isEqualTo(1);
  }
}
