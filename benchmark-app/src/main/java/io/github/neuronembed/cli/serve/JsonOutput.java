package io.github.neuronembed.cli.serve;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonPrimitive;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.Base64;

/**
 * Writes an answer, as bytes that count in a budget. Numbers read back as the same floats.
 *
 * <p>Used by one thread at a time.
 */
final class JsonOutput {

  private static final int PIECE = 8 * 1024;
  private static final int LARGEST_START = 16 * 1024 * 1024;
  private static final int BYTES_A_NUMBER = 13;

  private final MemoryBudget.Part memory;
  private final Buffer bytes;
  private final StringBuilder piece = new StringBuilder(PIECE + PIECE / 2);
  private long paid;

  /**
   * @param memory of the answer
   * @param paid bytes that {@code memory} has already taken for it
   */
  JsonOutput(MemoryBudget.Part memory, long paid) {
    this.memory = memory;
    this.paid = paid;
    this.bytes = Buffer.buffer((int) Math.min(paid, LARGEST_START));
  }

  /** The approximate bytes of this many numbers, with some more for what is around them. */
  static long bytesOf(long numbers) {
    return 64 + numbers * BYTES_A_NUMBER;
  }

  /** The approximate bytes of a vector in base64, with some more for what is around it. */
  static long bytesOfBase64(long length) {
    return 64 + (length + 2) / 3 * 4;
  }

  /** Appends text that already is JSON. */
  JsonOutput json(CharSequence part) {
    piece.append(part);
    if (piece.length() >= PIECE) {
      flush();
    }
    return this;
  }

  JsonOutput number(long number) {
    piece.append(number);
    return this;
  }

  /**
   * Appends a number.
   *
   * @throws IllegalStateException if it is not finite
   */
  JsonOutput real(float number) {
    piece.append(finite(number));
    return this;
  }

  /** Appends a string, quoted. */
  JsonOutput string(String text) {
    return json(new JsonPrimitive(text).toString());
  }

  /**
   * Appends a list of numbers.
   *
   * @throws IllegalStateException if one of them is not finite, which JSON cannot express
   */
  JsonOutput vector(float[] vector) {
    piece.append('[');
    for (int i = 0; i < vector.length; i++) {
      if (i > 0) {
        piece.append(',');
      }
      piece.append(finite(vector[i]));
      if (piece.length() >= PIECE) {
        flush();
      }
    }
    piece.append(']');
    return this;
  }

  /** Appends bytes in base64, as a string. */
  JsonOutput base64(byte[] data) {
    return json("\"").json(Base64.getEncoder().encodeToString(data)).json("\"");
  }

  /** An element of a vector, checked. */
  static float finite(float element) {
    if (!Float.isFinite(element)) {
      throw new IllegalStateException(
          "The model returned a vector with a non-finite element: its files or the"
              + " device are damaged.");
    }
    return element;
  }

  private void flush() {
    byte[] part = piece.toString().getBytes(UTF_8);
    piece.setLength(0);
    long more = bytes.length() + (long) part.length - paid;
    if (more > 0) {
      long step = Math.max(more, PIECE);
      if (!memory.extend(step)) {
        throw noMemoryLeft();
      }
      paid += step;
    }
    bytes.appendBytes(part);
  }

  /** The error if there is not enough memory for an answer because of other requests. */
  static HttpError noMemoryLeft() {
    return new HttpError(
            HttpError.Kind.OVERLOADED,
            "The answers in flight leave no memory for this one: send fewer texts at a"
                + " time, or try again.")
        .withCode("too_many_requests")
        .retryAfter(Duration.ofSeconds(1));
  }

  /** What was written. */
  Buffer end() {
    flush();
    return bytes;
  }
}
