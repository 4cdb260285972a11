package io.github.neuronembed.cli.pull;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The checksum that the hub states for a file: the SHA-256 of the content for files in Git LFS,
 * git's SHA-1 of the blob (over a header with its length, then the content) for the others.
 *
 * @param kind which of the two
 * @param hex lower case
 */
record Checksum(Kind kind, String hex) {

  private static final Pattern HEX = Pattern.compile("[0-9a-f]+");
  private static final int BUFFER_BYTES = 1 << 16;

  enum Kind {
    SHA256("SHA-256", 64),
    GIT("SHA-1", 40);

    private final String algorithm;
    private final int digits;

    Kind(String algorithm, int digits) {
      this.algorithm = algorithm;
      this.digits = digits;
    }
  }

  /** Takes one by its length; empty if it is neither. */
  static Optional<Checksum> parse(String hex) {
    String lower = hex.toLowerCase(Locale.ROOT);
    for (Kind kind : Kind.values()) {
      if (lower.length() == kind.digits && HEX.matcher(lower).matches()) {
        return Optional.of(new Checksum(kind, lower));
      }
    }
    return Optional.empty();
  }

  /** Takes one out of an {@code ETag} header, quoted and maybe weak; empty if it is none. */
  static Optional<Checksum> ofEtag(String etag) {
    String value = etag.startsWith("W/") ? etag.substring(2) : etag;
    return parse(value.replace("\"", ""));
  }

  /** Computes one. */
  static Checksum of(Path file, Kind kind) throws IOException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance(kind.algorithm);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("Every Java platform has " + kind.algorithm, e);
    }
    if (kind == Kind.GIT) {
      digest.update("blob %s\0".formatted(Files.size(file)).getBytes(UTF_8));
    }
    try (InputStream in = Files.newInputStream(file)) {
      byte[] buffer = new byte[BUFFER_BYTES];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        digest.update(buffer, 0, n);
      }
    }
    return new Checksum(kind, HexFormat.of().formatHex(digest.digest()));
  }

  /** Whether a file has it. */
  boolean matches(Path file) throws IOException {
    return of(file, kind).equals(this);
  }

  /** Shows it. */
  @Override
  public String toString() {
    return hex;
  }
}
