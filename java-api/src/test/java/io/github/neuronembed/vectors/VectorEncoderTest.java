package io.github.neuronembed.vectors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The bytes are those that NumPy computes: tools/vectors/make_expected.py made the file. */
class VectorEncoderTest {

  private static final int DIMENSION = 99;
  private static final List<float[]> VECTORS = vectors();
  private static final Int8Ranges RANGES = Int8Ranges.of(calibration());
  private static final Map<String, String> EXPECTED = expected();

  @ParameterizedTest
  @EnumSource
  void aThousandVectorsAreWhatNumPyComputes(VectorType type) {
    VectorEncoder encoder =
        type == VectorType.INT8 ? VectorEncoder.int8(RANGES) : VectorEncoder.of(type);

    check(type.name().toLowerCase(Locale.ROOT), VECTORS.stream().map(encoder::encode).toList());
  }

  @Test
  void aThousandShortenedVectorsAreWhatNumPyComputes() {
    VectorEncoder encoder = VectorEncoder.of(VectorType.FLOAT32);

    check(
        "shortened",
        VECTORS.stream().map(v -> encoder.encode(Matryoshka.shorten(v, 60, true))).toList());
  }

  @Test
  @Tag("machine-format")
  void theFileOfRangesIsWhatNumPyWrites() {
    assertThat(sha256(RangesFile.toBytes(RANGES))).isEqualTo(EXPECTED.get("ranges file"));
  }

  @Test
  void aVectorHasTheBytesThatItsTypeSays() {
    assertThat(VectorType.FLOAT16.bytes(9)).isEqualTo(18);
    assertThat(VectorType.BINARY.bytes(8)).isEqualTo(1);
    assertThat(VectorType.UBINARY.bytes(9)).isEqualTo(2);
    assertThat(VectorType.INT8.numbers(9)).isEqualTo(9);
  }

  @Test
  void refusesWhatIsNoNumber() {
    for (VectorType type : List.of(VectorType.FLOAT32, VectorType.UBINARY)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> VectorEncoder.of(type).encode(new float[] {1, Float.NaN}))
          .withMessageContaining("Element 1");
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> VectorEncoder.of(VectorType.INT8))
        .withMessageContaining("ranges");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> VectorEncoder.int8(RANGES).encode(new float[] {1}))
        .withMessageContainingAll("1 elements", "99");
  }

  private static void check(String kind, List<byte[]> vectors) {
    for (int row = 0; row < 3; row++) {
      assertThat(HexFormat.of().formatHex(vectors.get(row)))
          .as("%s %d", kind, row)
          .isEqualTo(EXPECTED.get(kind + " " + row));
    }
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    vectors.forEach(all::writeBytes);
    assertThat(sha256(all.toByteArray())).as(kind).isEqualTo(EXPECTED.get(kind + " all"));
  }

  private static List<float[]> vectors() {
    return draw(1000, 1).stream().map(VectorEncoderTest::withSpecialValues).toList();
  }

  private static List<float[]> calibration() {
    List<float[]> sample = new ArrayList<>();
    for (long[] numbers : draw(50, 2)) {
      float[] vector = new float[DIMENSION];
      for (int i = 0; i < DIMENSION; i++) {
        vector[i] = i == 7 ? 0.125f : ordinary(numbers[i]);
      }
      sample.add(vector);
    }
    return sample;
  }

  private static float[] withSpecialValues(long[] numbers) {
    float[] vector = new float[DIMENSION];
    for (int i = 0; i < DIMENSION; i++) {
      float value = ordinary(numbers[i]);
      vector[i] =
          switch ((int) (numbers[i] & 15)) {
            case 0 -> 0.0f;
            case 1 -> -0.0f;
            case 2 -> value * 0x1p7f;
            case 3 -> value * 0x1p-14f;
            default -> value;
          };
    }
    return vector;
  }

  private static float ordinary(long number) {
    return ((int) (number >>> 40) - (1 << 23)) * 0x1p-25f;
  }

  /** SplitMix64, counted from the seed. */
  private static List<long[]> draw(int vectors, long seed) {
    List<long[]> rows = new ArrayList<>();
    long state = seed;
    for (int row = 0; row < vectors; row++) {
      long[] numbers = new long[DIMENSION];
      for (int i = 0; i < DIMENSION; i++) {
        state += 0x9E3779B97F4A7C15L;
        long z = (state ^ (state >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        numbers[i] = z ^ (z >>> 31);
      }
      rows.add(numbers);
    }
    return rows;
  }

  private static Map<String, String> expected() {
    try (InputStream in = VectorEncoderTest.class.getResourceAsStream("expected.txt")) {
      Map<String, String> lines = new TreeMap<>();
      new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.US_ASCII)
          .lines()
          .filter(line -> !line.startsWith("#"))
          .map(line -> Arrays.asList(line.split(" ", -1)))
          .forEach(words -> lines.put(words.get(0) + " " + words.get(1), words.get(2)));
      return lines;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
