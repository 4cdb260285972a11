package io.github.neuronembed.cli.embed;

import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * Where results go: standard output, or a file that appears under its name only when it is complete
 * and is written beside it until then.
 */
final class OutputTarget implements Closeable {

  private static final int BUFFER_BYTES = 1 << 16;

  private final @Nullable Path file;
  private final @Nullable Path partial;
  private final @Nullable FileChannel channel;
  private final OutputStream stream;

  private OutputTarget(
      @Nullable Path file,
      @Nullable Path partial,
      @Nullable FileChannel channel,
      OutputStream stream) {
    this.file = file;
    this.partial = partial;
    this.channel = channel;
    this.stream = new BufferedOutputStream(stream, BUFFER_BYTES);
  }

  static OutputTarget open(@Nullable String name, OutputStream standardOutput) throws IOException {
    if (name == null || name.equals("-")) {
      return new OutputTarget(null, null, null, standardOutput);
    }
    Path file = Path.of(name).toAbsolutePath();
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      // A named pipe or /dev/null: written as it comes, nothing to rename.
      FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
      return new OutputTarget(null, null, channel, Channels.newOutputStream(channel));
    }
    Path folder = file.getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new NotDirectoryException(String.valueOf(folder));
    }
    Path partial = Files.createTempFile(folder, file.getFileName() + ".", ".partial");
    FileChannel channel = FileChannel.open(partial, StandardOpenOption.WRITE);
    return new OutputTarget(file, partial, channel, Channels.newOutputStream(channel));
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
