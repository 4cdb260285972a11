package io.github.neuronembed.cli.pull;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.neuronembed.cli.UsageException;
import java.net.URLEncoder;
import java.util.regex.Pattern;

/**
 * A model repository at a revision.
 *
 * @param id its name, for example {@code BAAI/bge-small-en-v1.5}
 * @param revision a branch, tag or commit
 */
record Repository(String id, String revision) {

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0,95}");
  private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");

  /** As the command line gives it. */
  static Repository parse(String id, String revision) {
    String[] parts = id.split("/", -1);
    boolean good = parts.length <= 2 && !revision.isBlank() && !id.contains("..");
    for (String part : parts) {
      good &= NAME.matcher(part).matches();
    }
    if (!good) {
      throw new UsageException(
          ("'%s' at revision '%s' is not a model repository: name one as OWNER/NAME,"
                  + " for example BAAI/bge-small-en-v1.5.")
              .formatted(id, revision));
    }
    return new Repository(id, revision);
  }

  /** Its name without its owner's. */
  String name() {
    return id.substring(id.indexOf('/') + 1);
  }

  /** Whether a revision is a commit, which stays what it is. */
  static boolean isCommit(String revision) {
    return COMMIT.matcher(revision).matches();
  }

  /** The path of its description, below the hub's endpoint. */
  String apiPath() {
    return "/api/models/%s/revision/%s?blobs=true".formatted(id, encode(revision));
  }

  /** Where the hub has a file of it, below its endpoint. */
  String filePath(String commit, String file) {
    StringBuilder path = new StringBuilder("/" + id + "/resolve/" + commit);
    for (String segment : file.split("/", -1)) {
      path.append('/').append(encode(segment));
    }
    return path.toString();
  }

  private static String encode(String segment) {
    return URLEncoder.encode(segment, UTF_8).replace("+", "%20");
  }

  /** Shows it. */
  @Override
  public String toString() {
    return id;
  }
}
