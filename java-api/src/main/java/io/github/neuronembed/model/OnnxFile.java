package io.github.neuronembed.model;

import io.github.neuronembed.ModelLoadException;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Checks whether a file is a complete ONNX file, without loading it: it walks the top-level fields
 * of the protobuf message by their lengths.
 */
public final class OnnxFile {

  private static final int MODEL_PROTO_GRAPH = 7;
  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int LENGTH_DELIMITED = 2;
  private static final int FIXED32 = 5;
  private static final byte[] GIT_LFS_POINTER =
      JsonValue.GIT_LFS_POINTER.getBytes(StandardCharsets.US_ASCII);

  private OnnxFile() {}

  /** Whether a file exists, is readable and is complete. */
  public static boolean isWhole(Path file) {
    try {
      requireWhole(file);
      return true;
    } catch (ModelLoadException e) {
      return false;
    }
  }

  /**
   * Returns the file if it is complete.
   *
   * @throws ModelLoadException if it is not
   */
  static Path requireWhole(Path file) {
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
      in.mark(GIT_LFS_POINTER.length);
      if (Arrays.equals(in.readNBytes(GIT_LFS_POINTER.length), GIT_LFS_POINTER)) {
        throw new ModelLoadException(
            "%s is a Git LFS pointer, not the file itself: run git lfs pull there."
                .formatted(file));
      }
      in.reset();
      if (!hasGraph(in)) {
        throw notWhole(file, null);
      }
      return file;
    } catch (EOFException e) {
      throw notWhole(file, e);
    } catch (IOException e) {
      throw new ModelLoadException("%s cannot be read: %s.".formatted(file, e.getMessage()), e);
    }
  }

  private static ModelLoadException notWhole(Path file, @Nullable Exception cause) {
    return new ModelLoadException(
        "%s is not a whole ONNX model, it has %s bytes: copy it from the model's repository again."
            .formatted(file, file.toFile().length()),
        cause);
  }

  /** Whether the stream is a sequence of complete protobuf fields, including a graph. */
  private static boolean hasGraph(InputStream in) throws IOException {
    boolean graph = false;
    for (int first = in.read(); first >= 0; first = in.read()) {
      long tag = varint(first, in);
      switch ((int) (tag & 7)) {
        case VARINT -> varint(next(in), in);
        case FIXED64 -> in.skipNBytes(8);
        case FIXED32 -> in.skipNBytes(4);
        case LENGTH_DELIMITED -> {
          long length = varint(next(in), in);
          if (length < 0) {
            return false;
          }
          in.skipNBytes(length);
          graph |= tag >> 3 == MODEL_PROTO_GRAPH;
        }
        default -> {
          return false;
        }
      }
    }
    return graph;
  }

  private static long varint(int first, InputStream in) throws IOException {
    long value = first & 0x7f;
    int last = first;
    for (int shift = 7; last >= 0x80 && shift < 64; shift += 7) {
      last = next(in);
      value |= (long) (last & 0x7f) << shift;
    }
    return value;
  }

  private static int next(InputStream in) throws IOException {
    int value = in.read();
    if (value < 0) {
      throw new EOFException();
    }
    return value;
  }
}
