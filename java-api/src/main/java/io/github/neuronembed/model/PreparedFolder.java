package io.github.neuronembed.model;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * A folder of files that were made of models, each made once and kept under a name that says all
 * that its content depends on. A file appears under its name when it is whole; what a process left
 * half way that was ended has another name, is never opened and is removed by the next one that
 * makes something. Safe to use from several threads and processes; the folder can be deleted at any
 * time.
 */
public final class PreparedFolder {

  /** How the names of files end that are not whole yet. */
  public static final String PARTIAL = ".part";

  /** Threads of one process cannot wait for each other by a file's lock. */
  private static final Object IN_THIS_PROCESS = new Object();

  private final Path folder;

  /**
   * @param folder made when it is needed
   */
  public PreparedFolder(Path folder) {
    this.folder = folder;
  }

  /** {@code prepared} in {@link CacheFolder}. */
  public static PreparedFolder ofUser() {
    return new PreparedFolder(CacheFolder.path().resolve("prepared"));
  }

  /** The folder itself, which may not be there yet. */
  public Path path() {
    return folder;
  }

  /**
   * Opens a kept file.
   *
   * @param <T> what it is opened as
   */
  @FunctionalInterface
  public interface Opener<T> {

    /**
     * Opens the file if it is there and whole.
     *
     * @return empty if there is no such file, or it is damaged or not what its name says
     * @throws IOException if whether it is so cannot be told
     */
    Optional<T> open(Path file) throws IOException;
  }

  /**
   * Makes a file.
   *
   * @param <X> what else it throws
   */
  @FunctionalInterface
  public interface Maker<X extends Exception> {

    /**
     * Writes the file.
     *
     * @param file to write or replace, whole or not at all: see {@link #whole}
     */
    void make(Path file) throws IOException, X;
  }

  /**
   * Opens a file, which is made first if it cannot be opened.
   *
   * @param name says all that the content depends on
   * @param maker runs in one thread of one process at a time
   * @throws IOException if the folder or the file cannot be read, or not written where it must be
   */
  public <T, X extends Exception> T openOrMake(String name, Opener<T> opener, Maker<X> maker)
      throws IOException, X {
    Path file = folder.resolve(name);
    Optional<T> found = opener.open(file);
    if (found.isPresent()) {
      return found.get();
    }
    synchronized (IN_THIS_PROCESS) {
      Files.createDirectories(folder);
      try (FileChannel lock =
          FileChannel.open(
              folder.resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
        lock.lock();
        Optional<T> madeMeanwhile = opener.open(file);
        if (madeMeanwhile.isPresent()) {
          return madeMeanwhile.get();
        }
        removePartialFiles();
        maker.make(file);
        return opener
            .open(file)
            .orElseThrow(() -> new IOException("%s is damaged as it was made".formatted(file)));
      }
    }
  }

  /**
   * Writes a file that appears under its name when it is whole, and on the disk.
   *
   * @param file to write or replace; its folder exists
   * @param writer gets the name to write to, which does not exist
   * @throws IOException if it cannot be written; a file that was there is there still
   */
  public static <X extends Exception> void whole(Path file, Maker<X> writer) throws IOException, X {
    Path partial = partial(file);
    try {
      writer.make(partial);
      try (FileChannel written = FileChannel.open(partial, StandardOpenOption.WRITE)) {
        written.force(true);
      }
      Files.move(
          partial, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(partial);
    }
  }

  /** A new name beside a file for something that is not it yet. */
  public static Path partial(Path file) {
    return file.resolveSibling(file.getFileName() + "." + UUID.randomUUID() + PARTIAL);
  }

  /** What a process left that was ended half way; nobody else writes while the lock is held. */
  private void removePartialFiles() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(each -> each.toString().endsWith(PARTIAL)).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }

  /** Why a file could not be read or written, for a message. */
  public static String reason(Exception e) {
    if (e instanceof FileSystemException failure && failure.getReason() == null) {
      return e.getClass().getSimpleName();
    }
    return String.valueOf(e.getMessage());
  }

  @Override
  public String toString() {
    return folder.toString();
  }
}
