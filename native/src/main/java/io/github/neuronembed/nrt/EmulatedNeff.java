package io.github.neuronembed.nrt;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.StringJoiner;
import java.util.UUID;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * A model for the emulator: a NEFF container whose payload is an ONNX model, or only shapes, in
 * place of NeuronCore code. The emulator's README describes the format. No device runs it.
 *
 * @param batchSize rows of an execution
 * @param sequenceLength tokens of a row
 * @param textsPerRow the maximum number of texts per row; 1: a row is a text, else it is packed
 * @param tokenTypes whether it is given the tokens' types; no packed one is
 * @param wideIds whether ids are int64, as in a model traced with int64 examples; else int32
 * @param pooled whether the output has one finished vector per text; else one for every token
 * @param bfloat16 whether the output is bfloat16; else float32
 * @param hiddenSize elements of a vector
 * @param vocabularySize ids from here on end an execution with status 1006
 * @param padTokenId the padding token
 */
public record EmulatedNeff(
    int batchSize,
    int sequenceLength,
    int textsPerRow,
    boolean tokenTypes,
    boolean wideIds,
    boolean pooled,
    boolean bfloat16,
    int hiddenSize,
    int vocabularySize,
    int padTokenId) {

  /** The token ids. */
  public static final String INPUT_IDS = "input0";

  /** The attention mask, of a model that is not packed. */
  public static final String ATTENTION_MASK = "input1";

  /** The token types, of a model that is given them. */
  public static final String TOKEN_TYPE_IDS = "input2";

  /** Where the texts of a row start, int32, of a model that is packed. */
  public static final String STARTS = "input1";

  /** The vectors. */
  public static final String OUTPUT = "output0";

  private static final int HEADER_BYTES = 1024;

  /**
   * Writes the file, which gets its final name when it is complete.
   *
   * @param file the NEFF to write
   * @param onnx the model to compute; null for vectors that are a hash of a row's ids
   * @throws IOException if reading or writing fails
   */
  public void write(Path file, @Nullable Path onnx) throws IOException {
    Path folder = Files.createDirectories(file.toAbsolutePath().getParent());
    // Not a temporary file, which only its owner may read: the umask decides.
    Path partial = folder.resolve("%s.%s.partial".formatted(file.getFileName(), UUID.randomUUID()));
    try {
      try (FileChannel channel =
          FileChannel.open(partial, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        channel.position(HEADER_BYTES);
        // The stream is not closed: the channel is still needed for the header.
        OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16);
        TarArchiveOutputStream tar = new TarArchiveOutputStream(out);
        add(tar, "neff.json", "{}");
        add(tar, "kelf-0.json", "{\"target\": \"*\"}");
        add(tar, "info.json", "{\"tool_version\": \"neuron-embed pack (emulated)\"}");
        add(tar, "emulated/emulated.json", description(onnx != null));
        if (onnx != null) {
          TarArchiveEntry entry = new TarArchiveEntry("emulated/model.onnx");
          entry.setSize(Files.size(onnx));
          tar.putArchiveEntry(entry);
          Files.copy(onnx, tar);
          tar.closeArchiveEntry();
        }
        tar.finish();
        out.flush();
        long payload = channel.position() - HEADER_BYTES;
        channel.position(0);
        channel.write(header(file.getFileName().toString(), payload));
      }
      Files.move(
          partial, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(partial);
    }
  }

  private static void add(TarArchiveOutputStream tar, String name, String text) throws IOException {
    byte[] content = text.getBytes(StandardCharsets.UTF_8);
    TarArchiveEntry entry = new TarArchiveEntry(name);
    entry.setSize(content.length);
    tar.putArchiveEntry(entry);
    tar.write(content);
    tar.closeArchiveEntry();
  }

  private String description(boolean computesOnnx) {
    String ids = wideIds ? "int64" : "int32";
    StringJoiner json = new StringJoiner(",\n ", "{", "}\n");
    json.add("\"format\": 1");
    json.add("\"batch\": " + batchSize);
    json.add("\"sequenceLength\": " + sequenceLength);
    boolean packed = textsPerRow > 1;
    if (packed) {
      json.add("\"texts\": " + textsPerRow);
    }
    StringJoiner inputs = new StringJoiner(",\n  ", "\"inputs\": [\n  ", "]");
    inputs.add(input(INPUT_IDS, "input_ids", ids));
    inputs.add(
        packed ? input(STARTS, "starts", "int32") : input(ATTENTION_MASK, "attention_mask", ids));
    if (tokenTypes) {
      inputs.add(input(TOKEN_TYPE_IDS, "token_type_ids", ids));
    }
    json.add(inputs.toString());
    json.add(
        """
        "outputs": [{"name": "%s", "kind": "%s", "dtype": "%s", "hiddenSize": %s}]\
        """
            .formatted(
                OUTPUT, pooled ? "pooled" : "raw", bfloat16 ? "bfloat16" : "float32", hiddenSize));
    json.add("\"compute\": " + (computesOnnx ? "\"onnx\"" : "\"hash\""));
    json.add("\"vocabularySize\": " + vocabularySize);
    json.add("\"padTokenId\": " + padTokenId);
    return json.toString();
  }

  private static String input(String name, String role, String type) {
    return "{\"name\": \"%s\", \"role\": \"%s\", \"dtype\": \"%s\"}".formatted(name, role, type);
  }

  /** As libnrt documents it, little-endian; all other bytes are zero. */
  private static ByteBuffer header(String name, long payloadBytes) {
    ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    header.putLong(0, 1); // package version: plain tar
    header.putLong(8, HEADER_BYTES);
    header.putLong(16, payloadBytes);
    header.putLong(24, 2); // NEFF version 2.0
    header.putInt(168, 1); // cores
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    header.put(220, bytes, 0, Math.min(bytes.length, 255));
    header.putInt(476, 1); // requested cores
    header.putInt(552, 1); // logical core size
    return header;
  }
}
