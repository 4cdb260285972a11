package io.github.neuronembed.model;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.github.neuronembed.model.NeffFile.Header;
import io.github.neuronembed.model.NeffFile.Member;
import io.github.neuronembed.model.NeffFile.Tensor;
import io.github.neuronembed.model.NeffFile.Weights;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;
import org.jspecify.annotations.Nullable;

/** Reads one {@link NeffFile}: the header, the packed files, and what their JSON states. */
final class NeffReader {

  private static final int HEADER_BYTES = 1024;
  private static final int NEWEST_MAJOR = 2;
  private static final int MAX_JSON_BYTES = 64 << 20;
  private static final int MAX_MEMBERS = 100_000;

  /** A graph that embeds text has ids, a mask and token types; more inputs are weights. */
  private static final int MOST_INPUTS = 3;

  private final Path file;
  private final FileChannel channel;
  private final long fileBytes;
  private final List<String> problems = new ArrayList<>();
  private final List<Member> members = new ArrayList<>();

  /** By name, whether it is an input; else an output. */
  private final Map<String, Boolean> isInput = new LinkedHashMap<>();

  private final Map<String, JsonObject> described = new LinkedHashMap<>();
  private final List<Tensor> tensors = new ArrayList<>();
  private String target = "";
  private String toolVersion = "";
  private long textsPerRow;
  private boolean emulated;
  private boolean computesOnnx;
  private boolean hasOnnx;
  private boolean hasVariables;
  private boolean hasFileVariables;

  NeffReader(Path file, FileChannel channel) throws IOException {
    this.file = file;
    this.channel = channel;
    this.fileBytes = channel.size();
  }

  NeffFile read() throws IOException {
    Optional<Header> header = header();
    header.ifPresent(this::judge);
    // The content after an invalid header would be meaningless.
    if (header.isPresent() && header.get().headerBytes() == HEADER_BYTES) {
      payload();
      collectTensors();
      judgePayload();
    }
    return new NeffFile(
        file,
        fileBytes,
        header,
        emulated,
        target,
        toolVersion,
        textsPerRow,
        List.copyOf(tensors),
        weights(),
        List.copyOf(members),
        List.copyOf(problems));
  }

  private Optional<Header> header() throws IOException {
    if (fileBytes < HEADER_BYTES) {
      problems.add(
          "It has %s bytes, less than a NEFF's header of %s: compile or copy it again."
              .formatted(fileBytes, HEADER_BYTES));
      return Optional.empty();
    }
    ByteBuffer bytes = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
      // Until it is full.
    }
    int end = 220;
    while (end < 476 && bytes.get(end) != 0) {
      end++;
    }
    return Optional.of(
        new Header(
            bytes.getLong(0),
            bytes.getLong(8),
            bytes.getLong(16),
            bytes.getLong(24),
            bytes.getLong(32),
            bytes.getInt(168),
            new String(bytes.array(), 220, end - 220, StandardCharsets.UTF_8),
            bytes.getLong(544),
            bytes.getInt(552)));
  }

  private void judge(Header header) {
    if (header.headerBytes() != HEADER_BYTES) {
      problems.add(
          "Its header size is %s, not %s: this is not a NEFF file."
              .formatted(Long.toUnsignedString(header.headerBytes()), HEADER_BYTES));
      return;
    }
    if (header.packageVersion() < 1 || header.packageVersion() > 2) {
      problems.add(
          "Its package version is %s, not 1 or 2: this is not a NEFF file, or a newer kind."
              .formatted(Long.toUnsignedString(header.packageVersion())));
    }
    if (Long.compareUnsigned(header.major(), NEWEST_MAJOR) > 0) {
      problems.add(
          ("Its format is %s.%s, and known runtimes read up to %s: upgrade the Neuron"
                  + " runtime, or compile with an older compiler.")
              .formatted(
                  Long.toUnsignedString(header.major()),
                  Long.toUnsignedString(header.minor()),
                  NEWEST_MAJOR));
    }
    if (Long.compareUnsigned(header.payloadBytes(), fileBytes - HEADER_BYTES) > 0) {
      problems.add(
          ("Its header states %s bytes of payload but the file has %s: it was"
                  + " truncated; copy it again.")
              .formatted(Long.toUnsignedString(header.payloadBytes()), fileBytes - HEADER_BYTES));
    }
    if (header.cores() != 1) {
      problems.add(
          ("It was compiled for %s NeuronCores, but here each core runs its own model:"
                  + " compile for one.")
              .formatted(Integer.toUnsignedString(header.cores())));
    }
    if (header.logicalCoreSize() > 1) {
      problems.add(
          "Its logical cores are of %s physical ones, which inf2 does not have: compile with --target inf2."
              .formatted(header.logicalCoreSize()));
    }
  }

  private void payload() {
    try {
      channel.position(HEADER_BYTES);
      InputStream raw = new BufferedInputStream(Channels.newInputStream(channel), 1 << 16);
      raw.mark(2);
      boolean gzip = raw.read() == 0x1f && raw.read() == 0x8b;
      raw.reset();
      // Not closed: that would close the channel, which belongs to the caller.
      TarArchiveInputStream tar =
          new TarArchiveInputStream(gzip ? new GzipCompressorInputStream(raw) : raw);
      TarArchiveEntry entry;
      while ((entry = tar.getNextEntry()) != null) {
        if (members.size() == MAX_MEMBERS) {
          problems.add("It packs more than %s files: this is not a model.".formatted(MAX_MEMBERS));
          return;
        }
        String name = entry.getName().replaceFirst("^\\./", "");
        if (!entry.isDirectory()) {
          members.add(new Member(name, entry.getSize()));
        }
        if (name.endsWith(".json") && entry.getSize() <= MAX_JSON_BYTES) {
          member(name, tar.readNBytes((int) entry.getSize()));
        } else if (name.equals("emulated/model.onnx")) {
          hasOnnx = true;
        }
      }
    } catch (IOException | IllegalArgumentException e) {
      problems.add(
          "Its payload cannot be unpacked after %s files (%s): it is damaged; copy or compile it again."
              .formatted(members.size(), e.getMessage()));
    }
  }

  private void member(String name, byte[] content) {
    JsonObject json;
    try {
      JsonElement parsed = JsonParser.parseString(new String(content, StandardCharsets.UTF_8));
      if (!parsed.isJsonObject()) {
        return;
      }
      json = parsed.getAsJsonObject();
    } catch (JsonParseException | StackOverflowError e) {
      problems.add("Its %s is not JSON: the file is damaged; compile it again.".formatted(name));
      return;
    }
    String last = name.substring(name.lastIndexOf('/') + 1);
    if (name.equals("emulated/emulated.json")) {
      emulated = true;
      computesOnnx = text(json, "compute").equals("onnx");
      emulatedTensors(json);
    } else if (last.startsWith("kelf-")) {
      target = text(json, "target");
    } else if (name.equals("info.json")) {
      toolVersion = text(json, "tool_version");
    } else if (last.equals("def.json")) {
      hasVariables = true;
      variables("", json, 0);
    } else if (last.equals("tensor_map.json")) {
      shapes("", json, 0);
    }
  }

  private void emulatedTensors(JsonObject json) {
    long batch = number(json, "batch");
    long length = number(json, "sequenceLength");
    textsPerRow = number(json, "texts");
    for (JsonObject input : objects(json, "inputs")) {
      long elements = text(input, "role").equals("starts") ? textsPerRow + 1 : length;
      tensors.add(
          new Tensor(text(input, "name"), true, text(input, "dtype"), List.of(batch, elements)));
    }
    for (JsonObject output : objects(json, "outputs")) {
      long hidden = number(output, "hiddenSize");
      tensors.add(
          new Tensor(
              text(output, "name"),
              false,
              text(output, "dtype"),
              text(output, "kind").equals("raw")
                  ? List.of(batch, length, hidden)
                  : textsPerRow > 0
                      ? List.of(batch, textsPerRow, hidden)
                      : List.of(batch, hidden)));
    }
  }

  /** Finds all objects with the type input, output or file, at any depth. */
  private void variables(String name, JsonObject json, int depth) {
    switch (text(json, "type")) {
      case "input" -> isInput.put(named(name, json), true);
      case "output" -> isInput.put(named(name, json), false);
      case "file" -> hasFileVariables = true;
      default -> {}
    }
    each(json, depth, this::variables);
  }

  /** Finds all objects with a shape, at any depth. */
  private void shapes(String name, JsonObject json, int depth) {
    if (json.get("shape") instanceof JsonArray) {
      described.put(named(name, json), json);
    }
    each(json, depth, this::shapes);
  }

  private interface Visitor {
    void visit(String name, JsonObject json, int depth);
  }

  private static void each(JsonObject json, int depth, Visitor visitor) {
    if (depth > 16) {
      return;
    }
    for (Map.Entry<String, JsonElement> entry : json.entrySet()) {
      if (entry.getValue() instanceof JsonObject object) {
        visitor.visit(entry.getKey(), object, depth + 1);
      } else if (entry.getValue() instanceof JsonArray array) {
        for (JsonElement element : array) {
          if (element instanceof JsonObject object) {
            visitor.visit("", object, depth + 1);
          }
        }
      }
    }
  }

  private static String named(String key, JsonObject json) {
    String own = text(json, "name");
    return own.isEmpty() ? key : own;
  }

  private void collectTensors() {
    isInput.forEach(
        (name, input) -> {
          JsonObject shape = described.get(name);
          tensors.add(
              new Tensor(
                  name,
                  input,
                  shape == null ? "" : text(shape, "dtype"),
                  shape == null ? List.of() : dimensions(shape)));
        });
  }

  private static List<Long> dimensions(JsonObject json) {
    List<Long> shape = new ArrayList<>();
    for (JsonElement element : json.getAsJsonArray("shape")) {
      if (element.isJsonPrimitive() && element.getAsJsonPrimitive().isNumber()) {
        shape.add(element.getAsLong());
      }
    }
    return List.copyOf(shape);
  }

  private void judgePayload() {
    if (members.isEmpty() && problems.isEmpty()) {
      problems.add("Its payload is empty: compile it again.");
    }
    if (!target.isEmpty() && !target.equals("sunda") && !target.equals("*")) {
      problems.add(
          target.toLowerCase(Locale.ROOT).equals("cayman")
              ? "It was compiled for cayman and runs on Trn2 alone: for inf2 compile with --target inf2."
              : "It was compiled for %s, not for inf2 (sunda): compile with --target inf2."
                  .formatted(target));
    }
    if (emulated && computesOnnx && !hasOnnx) {
      problems.add("It should compute an ONNX model but contains none: pack it again.");
    }
    long inputTensors = tensors.stream().filter(Tensor::input).count();
    if (!emulated && inputTensors > MOST_INPUTS) {
      problems.add(
          "It has %s inputs: its weights are not inlined; compile with inline_weights_to_neff=True."
              .formatted(inputTensors));
    }
  }

  private Weights weights() {
    if (emulated) {
      return computesOnnx ? (hasOnnx ? Weights.INSIDE : Weights.OUTSIDE) : Weights.NONE;
    }
    if (hasFileVariables) {
      return Weights.INSIDE;
    }
    return hasVariables ? Weights.OUTSIDE : Weights.UNKNOWN;
  }

  private static List<JsonObject> objects(JsonObject json, String name) {
    List<JsonObject> objects = new ArrayList<>();
    if (json.get(name) instanceof JsonArray array) {
      for (JsonElement element : array) {
        if (element instanceof JsonObject object) {
          objects.add(object);
        }
      }
    }
    return objects;
  }

  private static String text(JsonObject json, String name) {
    @Nullable JsonElement value = json.get(name);
    return value != null && value.isJsonPrimitive() ? value.getAsString() : "";
  }

  private static long number(JsonObject json, String name) {
    @Nullable JsonElement value = json.get(name);
    return value != null && value.isJsonPrimitive() && value.getAsJsonPrimitive().isNumber()
        ? value.getAsLong()
        : 0;
  }
}
