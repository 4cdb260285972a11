package io.github.neuronembed.model;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;

/**
 * The facts in the file of a compiled model, read without a device and without libnrt. The
 * container is that of "Work with NEFF files" in the Neuron documentation. Only the names of the
 * JSON members are documented, so known content is searched for, without a fixed layout; facts that
 * are not found stay empty. Never tried on a model compiled for bge.
 *
 * @param file the file
 * @param fileBytes its size
 * @param header the container's header; empty if the file is too short for one
 * @param emulated whether its payload is for the emulator; no device runs it
 * @param target the chip it was compiled for, for example {@code sunda} (NeuronCore-v2); empty if
 *     unknown
 * @param toolVersion the compiler's version; empty if unknown
 * @param textsPerRow the maximum number of texts per row, if it is packed and for the emulator;
 *     else 0, also if the file does not state it
 * @param tensors its inputs and outputs, as far as the file states them
 * @param weights whether the weights are in the file
 * @param members the packed files
 * @param problems its problems, each a sentence that ends with the remedy; empty if there are none
 */
public record NeffFile(
    Path file,
    long fileBytes,
    Optional<Header> header,
    boolean emulated,
    String target,
    String toolVersion,
    long textsPerRow,
    List<Tensor> tensors,
    Weights weights,
    List<Member> members,
    List<String> problems) {

  /**
   * The container's header.
   *
   * @param packageVersion 1 (plain tar) or 2 (gzip)
   * @param headerBytes always 1024
   * @param payloadBytes bytes after the header
   * @param major version of the format
   * @param minor version of the format
   * @param cores NeuronCores it was compiled for
   * @param name a name, often {@code file.neff}
   * @param featureBits features that the runtime must have
   * @param logicalCoreSize physical cores of a logical one: 1 on inf2, 2 on trn2
   */
  public record Header(
      long packageVersion,
      long headerBytes,
      long payloadBytes,
      long major,
      long minor,
      int cores,
      String name,
      long featureBits,
      int logicalCoreSize) {}

  /**
   * An input or an output.
   *
   * @param name its name in libnrt
   * @param input whether it is an input
   * @param type its element type as the file spells it; empty if unknown
   * @param shape its shape; empty if unknown
   */
  public record Tensor(String name, boolean input, String type, List<Long> shape) {}

  /**
   * A packed file.
   *
   * @param name its path in the archive
   * @param bytes its size
   */
  public record Member(String name, long bytes) {}

  /** Where the weights are. */
  public enum Weights {
    /** In the file, as it must be. */
    INSIDE,
    /** Not in the file: they must be inputs. */
    OUTSIDE,
    /** None: an emulated model that computes nothing. */
    NONE,
    /** The file does not state it. */
    UNKNOWN
  }

  /**
   * Reads a file. A damaged file causes no exception: its {@link #problems} describe the damage.
   *
   * @throws IOException if it cannot be read at all
   */
  public static NeffFile read(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      return new NeffReader(file, channel).read();
    }
  }
}
