package io.github.neuronembed.cli.pull;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A file of a repository at a commit.
 *
 * @param path its name in the repository, segments separated by {@code /}
 * @param size bytes; -1 while the hub has not stated it
 * @param checksum what they come to
 */
record RemoteFile(String path, long size, Checksum checksum) {

  /** One that is only known by its name yet. */
  static RemoteFile unstated(String path) {
    return new RemoteFile(path, -1, new Checksum(Checksum.Kind.GIT, ""));
  }

  /** Whether size and checksum are known. */
  boolean isStated() {
    return size >= 0;
  }

  /** Whether a file is this one. */
  boolean matches(Path file) throws IOException {
    return Files.isRegularFile(file) && Files.size(file) == size && checksum.matches(file);
  }

  /**
   * Where it belongs below a folder.
   *
   * @throws HubException if its name leads out of there, or is not a portable file name
   */
  Path below(Path folder) throws HubException {
    return below(folder, path);
  }

  /** As {@link #below(Path)}. */
  static Path below(Path folder, String path) throws HubException {
    boolean plain =
        path.chars().noneMatch(c -> c < ' ' || c == '\\' || c == ':' || c == 0x7f)
            && !path.isEmpty();
    for (String segment : path.split("/", -1)) {
      plain &= !segment.isEmpty() && !segment.equals(".") && !segment.equals("..");
    }
    if (!plain || !folder.resolve(path).normalize().startsWith(folder.normalize())) {
      throw new HubException(
          ("The repository has a file named '%s', which is not a path inside a folder:"
                  + " it is not pulled.")
              .formatted(printable(path)));
    }
    return folder.resolve(path);
  }

  /** A name that may be printed, whatever is in it. */
  static String printable(String path) {
    return path.replaceAll("[^\\x20-\\x7e]", "?");
  }
}
