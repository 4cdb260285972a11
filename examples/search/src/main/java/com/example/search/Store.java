package com.example.search;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;

/** Keeps passages beside their vectors, and finds the nearest ones. Not thread-safe. */
interface Store extends AutoCloseable {

  /** A passage that was found, and its cosine with the query. */
  record Hit(String text, double cosine) {}

  /** Ids of the passages that the store has. */
  Set<String> ids() throws IOException;

  /** Adds passages. All of one call are kept, or none. */
  void add(List<String> passages, List<float[]> vectors) throws IOException;

  /** The nearest passages by the store's index, which may miss some; nearest first. */
  List<Hit> nearest(float[] query, int count) throws IOException;

  /** The nearest passages by comparing all; nearest first. */
  List<Hit> exact(float[] query, int count) throws IOException;

  @Override
  void close() throws IOException;

  /** The same for the same passage, after a restart too. */
  static String id(String passage) {
    try {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(sha256.digest(passage.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // Every JVM has it.
    }
  }

  /** Vectors of two models cannot be compared: refuses a store that was filled by another one. */
  static void requireSameModel(String stored, String model) {
    if (!stored.equals(model)) {
      throw new IllegalArgumentException(
          "The store holds vectors of "
              + stored
              + ", and this is "
              + model
              + ": take another store");
    }
  }
}
