package io.github.neuronembed.cli.serve;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.neuronembed.cli.UsageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import org.jspecify.annotations.Nullable;

/**
 * The secret that clients send as {@code Authorization: Bearer …} or {@code api-key: …}. It comes
 * from a file or from the environment, never from the command line, which every user of a machine
 * can read.
 */
final class BearerToken {

  private static final String SCHEME = "bearer ";

  private final byte[] token;

  private BearerToken(byte[] token) {
    this.token = token;
  }

  /**
   * Makes a token from the content of a file or a variable, without white space at its end.
   *
   * @param source where it came from, for the message
   * @throws UsageException if it is empty, or has characters that a header cannot carry
   */
  static BearerToken of(String text, String source) {
    String token = text.strip();
    if (token.isEmpty() || !token.chars().allMatch(c -> c > ' ' && c < 127)) {
      throw new UsageException(
          "The token of %s must be one line of visible ASCII characters without blanks."
              .formatted(source));
    }
    return new BearerToken(token.getBytes(UTF_8));
  }

  /**
   * Reads a file.
   *
   * @throws UsageException as {@link #of}
   * @throws IOException if the file cannot be read
   */
  static BearerToken read(Path file) throws IOException {
    return of(Files.readString(file), file.toString());
  }

  /**
   * Whether a header contains this token. The comparison takes the same time wherever the two
   * differ.
   *
   * @param authorization the header's value; null if there is none
   */
  boolean admits(@Nullable String authorization) {
    if (authorization == null
        || !authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
      return false;
    }
    return isKey(authorization.substring(SCHEME.length()));
  }

  /**
   * Whether a value is this token, without {@code Bearer}: clients for Azure send it so in the
   * header {@code api-key}.
   *
   * @param given the value; null if there is no such header
   */
  boolean isKey(@Nullable String given) {
    return given != null && MessageDigest.isEqual(token, given.strip().getBytes(UTF_8));
  }
}
