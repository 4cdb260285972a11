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
 * A folder of files that are made from models, each made once and kept under a name that identifies
 * everything its content depends on. A file gets its final name when it is complete. An incomplete
 * file of a process that was ended has another name, is never opened, and is removed by the next
 * process that makes a file. Safe to use from several threads and processes; the folder can be
 * deleted at any time.
 */
public final class PreparedFolder {

  /** The suffix of incomplete files. */
  public static final String PARTIAL = ".part";

  /** Threads of one process cannot wait for each other with a file lock. */
  private static final Object IN_THIS_PROCESS = new Object();

  private final Path folder;

  /**
   * @param folder created when needed
   */
  public PreparedFolder(Path folder) {
    this.folder = folder;
  }

  /** {@code prepared} in {@link CacheFolder}. */
  public static PreparedFolder ofUser() {
    return new PreparedFolder(CacheFolder.path().resolve("prepared"));
  }

  /** The folder itself, which may not exist yet. */
  public Path path() {
    return folder;
  }

  /**
   * Opens an existing file.
   *
   * @param <T> the type of the result
   */
  @FunctionalInterface
  public interface Opener<T> {

    /**
     * Opens the file if it exists and is complete.
     *
     * @return empty if there is no such file, or it is damaged or does not match its name
     * @throws IOException if this cannot be determined
     */
    Optional<T> open(Path file) throws IOException;
  }

  /**
   * Makes a file.
   *
   * @param <X> another exception that it throws
   */
  @FunctionalInterface
  public interface Maker<X extends Exception> {

    /**
     * Writes the file.
     *
     * @param file to write or replace, completely or not at all: see {@link #whole}
     */
    void make(Path file) throws IOException, X;
  }

  /**
   * Opens a file; makes it first if it cannot be opened.
   *
   * @param name identifies everything that the content depends on
   * @param maker runs in one thread of one process at a time
   * @throws IOException if the folder or the file cannot be read, or not written if that is
   *     necessary
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
            .orElseThrow(
                () -> new IOException("%s was damaged while it was written".formatted(file)));
      }
    }
  }

  /**
   * Writes a file that gets its final name when it is complete and on the disk.
   *
   * @param file to write or replace; its folder exists
   * @param writer gets the name to write to, which does not exist
   * @throws IOException if it cannot be written; an existing file is kept
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

  /** A new name in the same folder for an incomplete version of a file. */
  public static Path partial(Path file) {
    return file.resolveSibling(file.getFileName() + "." + UUID.randomUUID() + PARTIAL);
  }

  /**
   * Incomplete files of a process that was ended; no other process writes while the lock is held.
   */
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
