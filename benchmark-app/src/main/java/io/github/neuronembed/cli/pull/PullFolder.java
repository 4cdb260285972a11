package io.github.neuronembed.cli.pull;

import io.github.neuronembed.cli.Folders;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The model directory that is pulled into. What arrives waits in its subfolder {@value #STAGING},
 * and takes its final name when all of it is there and verified.
 */
final class PullFolder implements AutoCloseable {

  static final String STAGING = ".neuron-embed-pull";

  private final Path folder;
  private final Path staging;
  private final FileChannel lock;
  private final @Nullable PullRecord before;
  private final Set<String> staged = new HashSet<>();
  private boolean complete;

  private PullFolder(Path folder, FileChannel lock, @Nullable PullRecord before) {
    this.folder = folder;
    this.staging = folder.resolve(STAGING);
    this.lock = lock;
    this.before = before;
  }

  /**
   * Takes a folder, which is made if it is not there.
   *
   * @throws HubException if it holds something else, or another process pulls into it
   */
  static PullFolder open(Path output, Repository repository) throws IOException {
    Path folder = output.toAbsolutePath().normalize();
    Optional<PullRecord> before =
        Files.isDirectory(folder) ? PullRecord.read(folder) : Optional.empty();
    if (before.isPresent() && !before.get().repository().id().equals(repository.id())) {
      throw new HubException(
          "%s holds %s, not %s: name another folder with --output."
              .formatted(folder, before.get().repository(), repository));
    }
    if (Files.isDirectory(folder) && !isOurs(folder)) {
      throw new HubException(
          "%s holds files but no model: name another folder with --output.".formatted(folder));
    }
    Path staging = Files.createDirectories(folder.resolve(STAGING));
    FileChannel channel =
        FileChannel.open(
            staging.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      FileLock taken = channel.tryLock();
      if (taken != null) {
        return new PullFolder(folder, channel, before.orElse(null));
      }
    } catch (OverlappingFileLockException e) {
      // Another thread of this process has it.
    }
    channel.close();
    throw new HubException("Another process is pulling into %s: wait for it.".formatted(folder));
  }

  private static boolean isOurs(Path folder) throws IOException {
    if (Files.exists(folder.resolve(STAGING)) || Files.exists(folder.resolve("config.json"))) {
      return true;
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.findAny().isEmpty();
    }
  }

  /** What an earlier pull brought, if there was one. */
  Optional<PullRecord> before() {
    return Optional.ofNullable(before);
  }

  /** The model directory, absolute. */
  Path path() {
    return folder;
  }

  /** Whether a file is in its place, and right. */
  boolean has(RemoteFile file) throws IOException {
    return file.matches(file.below(folder));
  }

  /** Whether something else is in a file's place. */
  boolean hasAnother(RemoteFile file) throws IOException {
    return Files.exists(file.below(folder)) && !has(file);
  }

  /** Whether a file has arrived, now or in an earlier try, and is right; then it is staged. */
  boolean hasStaged(RemoteFile file) throws IOException {
    if (!file.matches(file.below(arrived()))) {
      return false;
    }
    staged.add(file.path());
    return true;
  }

  /** Where a file's bytes are collected; named after its content, so that they can be continued. */
  Path part(RemoteFile file) {
    return staging.resolve(file.checksum().hex() + ".part");
  }

  /** Moves a complete and verified part to its final name. */
  void stage(RemoteFile file) throws IOException {
    Path target = file.below(arrived());
    Files.createDirectories(Objects.requireNonNull(target.getParent()));
    Files.move(
        part(file), target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    staged.add(file.path());
  }

  /** Where a file is that was brought: in its place, or staged. */
  Path at(RemoteFile file) throws HubException {
    return file.below(staged.contains(file.path()) ? arrived() : folder);
  }

  private Path arrived() {
    return staging.resolve("arrived");
  }

  /**
   * Gives all that is staged its place, takes away what an earlier pull brought and this one has
   * not, and writes the record, last.
   */
  void complete(PullRecord record) throws IOException {
    if (Optional.of(record).equals(before()) && staged.isEmpty()) {
      complete = true;
      return;
    }
    Files.deleteIfExists(folder.resolve(PullRecord.FILE));
    for (RemoteFile file : record.listing().files()) {
      if (staged.contains(file.path())) {
        Path target = file.below(folder);
        Files.createDirectories(Objects.requireNonNull(target.getParent()));
        Files.move(
            file.below(arrived()),
            target,
            StandardCopyOption.ATOMIC_MOVE,
            StandardCopyOption.REPLACE_EXISTING);
      }
    }
    if (before != null) {
      for (RemoteFile file : before.listing().files()) {
        if (record.listing().file(file.path()).isEmpty()) {
          Files.deleteIfExists(file.below(folder));
        }
      }
    }
    record.write(folder, staging);
    complete = true;
  }

  /** Releases the folder; incomplete files are kept for the next time. */
  @Override
  public void close() throws IOException {
    try (FileChannel held = lock) {
      if (held.isOpen() && complete) {
        Folders.delete(staging);
      }
    }
  }
}
