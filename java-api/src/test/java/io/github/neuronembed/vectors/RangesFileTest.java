package io.github.neuronembed.vectors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RangesFileTest {

  private static final Int8Ranges RANGES =
      Int8Ranges.of(List.of(new float[] {1, -2, 3}, new float[] {-1, 2, 3}));

  @TempDir private Path folder;

  @Test
  void readsWhatItWrote() throws Exception {
    Path file = Files.write(folder.resolve("ranges.npy"), RangesFile.toBytes(RANGES));

    Int8Ranges read = RangesFile.read(file);

    assertThat(read.lowest()).containsExactly(-1, -2, 3);
    assertThat(read.highest()).containsExactly(1, 2, 3);
  }

  @Test
  void refusesOtherFilesByName() throws Exception {
    byte[] good = RangesFile.toBytes(RANGES);
    byte[] nan = good.clone();
    Arrays.fill(nan, NpyHeader.BYTES, NpyHeader.BYTES + 4, (byte) 0xFF);
    for (byte[] bad :
        List.of(
            new byte[0],
            "[[1],[2]]".getBytes(StandardCharsets.US_ASCII),
            Arrays.copyOf(good, 100),
            Arrays.copyOf(good, good.length - 1),
            Arrays.copyOf(good, good.length + 1),
            new NpyHeader("<f4", 3, 3).toBytes(),
            new NpyHeader("<f8", 2, 3).toBytes(),
            new NpyHeader("<f4", 2, 0).toBytes(),
            new NpyHeader("<f4", 2, 999_999_999).toBytes(),
            nan)) {
      Path file = Files.write(folder.resolve("bad.npy"), bad);

      assertThatExceptionOfType(IOException.class)
          .isThrownBy(() -> RangesFile.read(file))
          .withMessageContainingAll("bad.npy", "float32 [2, dimension]");
    }
    assertThatExceptionOfType(NoSuchFileException.class)
        .isThrownBy(() -> RangesFile.read(folder.resolve("none.npy")));
  }

  @Test
  void refusesRangesThatAreNone() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Int8Ranges.of(new float[] {0, 1}, new float[] {0, 0}))
        .withMessageContainingAll("element 1", "1.0 to 0.0");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> Int8Ranges.of(new float[] {-Float.MAX_VALUE}, new float[] {Float.MAX_VALUE}));
    assertThatIllegalArgumentException().isThrownBy(() -> Int8Ranges.of(List.of()));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Int8Ranges.of(List.of(new float[2], new float[3])))
        .withMessageContainingAll("3 elements", "2");
  }
}
