package io.github.neuronembed.cli.pull;

import java.util.List;
import java.util.Optional;

/**
 * What a repository holds at a commit.
 *
 * @param commit forty hexadecimal digits
 * @param files its files
 */
record Listing(String commit, List<RemoteFile> files) {

  /** A file by its name. */
  Optional<RemoteFile> file(String path) {
    return files.stream().filter(file -> file.path().equals(path)).findFirst();
  }
}
