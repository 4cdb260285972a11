package io.github.neuronembed.cli.pull;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What the {@code huggingface_hub} library has downloaded on this machine: {@code
 * models--OWNER--NAME/refs/REVISION} holds a commit, {@code snapshots/COMMIT/PATH} links to a blob
 * that is named after its checksum. Nothing is ever written there.
 *
 * @param folder the cache; it need not exist
 */
record HubCache(Path folder) {

  private Path repository(Repository repository) {
    return folder.resolve("models--" + repository.id().replace("/", "--"));
  }

  /** A file that the cache has, verified. */
  Optional<Path> file(Repository repository, String commit, RemoteFile file) throws IOException {
    Path cached = file.below(repository(repository).resolve("snapshots").resolve(commit));
    return file.matches(cached) ? Optional.of(cached) : Optional.empty();
  }

  /** What the cache has of a repository; empty if it has not got that revision. */
  Optional<Listing> list(Repository repository) throws IOException {
    String commit = repository.revision();
    if (!Repository.isCommit(commit)) {
      Path refs = repository(repository).resolve("refs");
      Path ref = RemoteFile.below(refs, commit);
      commit = Files.isRegularFile(ref) ? Files.readString(ref).strip() : "";
    }
    Path snapshot = repository(repository).resolve("snapshots").resolve(commit);
    if (!Repository.isCommit(commit) || !Files.isDirectory(snapshot)) {
      return Optional.empty();
    }
    List<RemoteFile> files = new ArrayList<>();
    try (Stream<Path> walk = Files.walk(snapshot)) {
      for (Path path : walk.filter(Files::isRegularFile).sorted().toList()) {
        String name = snapshot.relativize(path).toString().replace('\\', '/');
        files.add(new RemoteFile(name, Files.size(path), checksum(path)));
      }
    }
    return Optional.of(new Listing(commit, List.copyOf(files)));
  }

  /** A blob's name; where links are not to be had, the files lie there without a checksum. */
  private static Checksum checksum(Path path) throws IOException {
    Path real = path.toRealPath();
    Optional<Checksum> stated = Checksum.parse(String.valueOf(real.getFileName()));
    return stated.isPresent() ? stated.get() : Checksum.of(path, Checksum.Kind.SHA256);
  }
}
