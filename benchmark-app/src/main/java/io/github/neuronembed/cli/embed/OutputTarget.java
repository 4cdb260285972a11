package io.github.neuronembed.cli.embed;

import io.github.neuronembed.cli.NamedOutput;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;

/**
 * The target of results: standard output, or a file that gets its final name only when it is
 * complete and has a temporary name in the same folder until then.
 */
final class OutputTarget implements Closeable {

  private static final int BUFFER_BYTES = 1 << 16;

  private final @Nullable Path file;
  private final @Nullable Path partial;
  private final @Nullable FileChannel channel;
  private final OutputStream stream;

  private OutputTarget(OutputStream standardOutput) {
    this.file = null;
    this.partial = null;
    this.channel = null;
    this.stream = new BufferedOutputStream(standardOutput, BUFFER_BYTES);
  }

  private OutputTarget(
      @Nullable Path file, @Nullable Path partial, FileChannel channel, String name) {
    this.file = file;
    this.partial = partial;
    this.channel = channel;
    this.stream =
        new BufferedOutputStream(
            new NamedOutput(name, Channels.newOutputStream(channel)), BUFFER_BYTES);
  }

  static OutputTarget open(@Nullable String name, OutputStream standardOutput) throws IOException {
    if (name == null || name.equals("-")) {
      return new OutputTarget(standardOutput);
    }
    Path file = Path.of(name).toAbsolutePath();
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      // A named pipe or /dev/null: written as it comes, nothing to rename.
      return new OutputTarget(null, null, FileChannel.open(file, StandardOpenOption.WRITE), name);
    }
    Path folder = file.getParent();
    if (folder == null || !Files.exists(folder)) {
      throw new NoSuchFileException(String.valueOf(folder));
    }
    if (!Files.isDirectory(folder)) {
      throw new NotDirectoryException(folder.toString());
    }
    Path partial = partial(file, folder, name);
    // Also when a signal ends the process.
    partial.toFile().deleteOnExit();
    return new OutputTarget(
        file, partial, FileChannel.open(partial, StandardOpenOption.WRITE), name);
  }

  /** A file of a new name that others may read as far as the umask lets them. */
  private static Path partial(Path file, Path folder, String name) throws IOException {
    boolean posix = folder.getFileSystem().supportedFileAttributeViews().contains("posix");
    FileAttribute<?>[] mode =
        posix
            ? new FileAttribute<?>[] {
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-rw-rw-"))
            }
            : new FileAttribute<?>[0];
    try {
      return Files.createTempFile(folder, file.getFileName() + ".", ".partial", mode);
    } catch (AccessDeniedException e) {
      throw new AccessDeniedException(name);
    } catch (FileSystemException e) {
      // It names a file that the user did not name.
      String reason = e.getReason() == null ? "no file can be created there" : e.getReason();
      throw new FileSystemException(name, null, reason);
    }
  }

  OutputStream stream() {
    return stream;
  }

  /** The file as a channel, for formats that go back to their beginning. */
  FileChannel channel() {
    if (channel == null) {
      throw new IllegalStateException("Standard output has no beginning to go back to.");
    }
    return channel;
  }

  /** The results are complete: a file gets its name. */
  void commit() throws IOException {
    stream.flush();
    if (file != null && partial != null) {
      if (channel != null) {
        channel.close();
      }
      Files.move(
          partial, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }
  }

  /** Without {@link #commit()}, nothing is left of a file. */
  @Override
  public void close() throws IOException {
    if (channel != null) {
      channel.close();
    }
    if (partial != null) {
      Files.deleteIfExists(partial);
    }
  }
}
