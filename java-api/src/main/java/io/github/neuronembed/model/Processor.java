package io.github.neuronembed.model;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;

/** The processor features that ONNX Runtime's integer products need. */
public final class Processor {

  private static final Path DESCRIPTION = Path.of("/proc/cpuinfo");

  /** The extensions whose products of 8-bit values are summed up in 32 bits. */
  private static final Set<String> EXACT = Set.of("avx512_vnni", "avx_vnni", "amx_int8");

  private Processor() {}

  /** Whether products of unsigned and signed 8-bit values are exact; true where it is not known. */
  public static boolean multipliesInt8Exactly() {
    try {
      return multipliesInt8Exactly(Files.readString(DESCRIPTION, StandardCharsets.ISO_8859_1));
    } catch (IOException e) {
      return true;
    }
  }

  /** As above, of a text in the form of Linux's /proc/cpuinfo. */
  public static boolean multipliesInt8Exactly(String description) {
    return description
        .lines()
        .filter(line -> line.startsWith("flags"))
        .findFirst()
        .map(flags -> Arrays.stream(flags.split("\\s+", -1)).anyMatch(EXACT::contains))
        .orElse(true);
  }
}
