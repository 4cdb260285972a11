package io.github.neuronembed.measurements;

/**
 * Checks the vectors of the emulator's models without weights. This is an independent
 * implementation of their description in the emulator's README: each element's sign comes from a
 * hash of the ids, so different rows have different vectors.
 */
final class HashVectors {

  private static final long STEP = 0x9E3779B97F4A7C15L;

  private HashVectors() {}

  /** Whether a vector is the one of these token ids. */
  static boolean isOf(int[] tokenIds, float[] vector) {
    long sum = 0;
    for (int position = 0; position < tokenIds.length; position++) {
      sum += mix(tokenIds[position] + ((long) position << 32) + STEP);
    }
    long hash = mix(sum);
    for (int i = 0; i < vector.length; i++) {
      long bits = mix(hash + (i / 64 + 1) * STEP);
      boolean negative = (bits >>> (i % 64) & 1) == 1;
      if (negative != vector[i] < 0) {
        return false;
      }
    }
    return true;
  }

  private static long mix(long z) {
    long mixed = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
    return mixed ^ (mixed >>> 31);
  }
}
