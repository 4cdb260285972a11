package io.github.neuronembed.cli.neff;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.neuronembed.NeedsNativeCore;
import io.github.neuronembed.cli.ExitCode;
import io.github.neuronembed.cli.Shell;
import io.github.neuronembed.cli.models.ModelArgument;
import io.github.neuronembed.model.ModelFolder;
import io.github.neuronembed.model.graph.TinyGraphs;
import io.github.neuronembed.nrt.EmulatedNeff;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("machine-format")
class PackAndInspectTest {

  @TempDir private Path folder;
  private final Shell shell = new Shell();

  @Test
  void whatPackMakesInspectShows() {
    assertThat(shell.run("pack", "--shapes", "1x32,4x128", "--output", folder.toString())).isZero();
    assertThat(shell.out().lines())
        .containsExactly(
            folder.resolve("bge-small-en-v1.5-1x32.neff").toString(),
            folder.resolve("bge-small-en-v1.5-4x128.neff").toString(),
            folder.resolve("manifest.json").toString());

    assertThat(folder)
        .isDirectoryNotContaining(
            file -> !mode(file).equals(mode(folder.resolve("manifest.json"))));

    String neff = folder.resolve("bge-small-en-v1.5-4x128.neff").toString();
    assertThat(shell.run("inspect", neff)).isZero();
    assertThat(shell.out())
        .contains("emulated: no device runs it")
        .contains("input     input0 int32 [4, 128]")
        .contains("output    output0 float32 [4, 384]")
        .contains("weights   in the file")
        .contains("emulated/model.onnx")
        .contains("nothing is wrong");
  }

  @Test
  void whatIsPackedInRowsIsShownSo() {
    assertThat(
            shell.run(
                "pack", "--hash", "--shapes", "1x64p8,1x512p64", "--output", folder.toString()))
        .isZero();
    assertThat(shell.out().lines())
        .containsExactly(
            folder.resolve("bge-small-en-v1.5-1x64p8.neff").toString(),
            folder.resolve("bge-small-en-v1.5-1x512p64.neff").toString(),
            folder.resolve("manifest.json").toString());

    String neff = folder.resolve("bge-small-en-v1.5-1x64p8.neff").toString();
    assertThat(shell.run("inspect", neff)).isZero();
    assertThat(shell.out())
        .contains("rows      up to 8 texts each")
        .contains("input     input0 int32 [1, 64]")
        .contains("input     input1 int32 [1, 9]")
        .contains("output    output0 float32 [1, 8, 384]");
    assertThat(shell.run("inspect", "--json", neff)).isZero();
    assertThat(shell.out()).contains("\"textsPerRow\": 8");
    assertThat(shell.run("pack", "--raw", "--shapes", "1x64p8", "--output", folder.toString()))
        .isEqualTo(ExitCode.USAGE);
    assertThat(shell.err()).contains("1×64p8", "--raw");
  }

  @Test
  void packNamesTheOptionForAnotherPooling() throws Exception {
    Path model = folder.resolve("mean");
    ModelFolder tiny = ModelFolder.complete(model);
    tiny.write("1_Pooling/config.json", "{\"pooling_mode\": \"mean\"}");
    tiny.write(
        "onnx/model.onnx",
        new TinyGraphs(folder).of(List.of(TinyGraphs.Output.LAST_HIDDEN_STATE), true, true));
    String[] pack = {"pack", "--model", model.toString(), "--shapes", "1x16"};

    assertThat(shell.run(pack)).isEqualTo(ExitCode.USAGE);
    assertThat(shell.err()).contains("pools by mean", "--raw");
  }

  @Test
  void inspectShowsWhichOutputOfAnOnnxFileIsTheEmbedding() throws Exception {
    TinyGraphs graphs = new TinyGraphs(folder);
    Path file = folder.resolve("model.onnx");
    Files.write(
        file,
        graphs.of(
            List.of(TinyGraphs.Output.POOLER_OUTPUT, TinyGraphs.Output.LAST_HIDDEN_STATE),
            true,
            true));
    assertThat(shell.run("inspect", file.toString())).isZero();
    assertThat(shell.out())
        .contains("input     input_ids, int64 [?, ?]")
        .contains("output    pooler_output, float32 [?, 8]")
        .contains("embedding last_hidden_state, a vector of 8 numbers for each token");
    assertThat(shell.run("inspect", "--json", file.toString())).isZero();
    assertThat(shell.out()).contains("\"name\": \"last_hidden_state\"", "\"pooled\": false");

    Files.write(file, graphs.of(List.of(TinyGraphs.Output.LOGITS), true, true));
    assertThat(shell.run("inspect", file.toString())).isEqualTo(ExitCode.FAILED);
    assertThat(shell.out()).contains("WRONG", "cross-encoder");
  }

  private static Set<PosixFilePermission> mode(Path file) {
    try {
      return Files.getPosixFilePermissions(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void aRelativeFolderIsPrintedAsItWasGiven() {
    Path relative = Path.of("").toAbsolutePath().relativize(folder.toAbsolutePath());

    assertThat(shell.run("pack", "--hash", "--shapes", "1x32", "--output", relative.toString()))
        .isZero();

    assertThat(shell.out().lines())
        .containsExactly(
            relative.resolve("bge-small-en-v1.5-1x32.neff").toString(),
            relative.resolve("manifest.json").toString());
  }

  @Test
  void forAnotherFileOnlyTheVerdictIsPrinted() throws IOException {
    Path text = Files.writeString(folder.resolve("a.neff"), "text");
    Path longText = Files.writeString(folder.resolve("b.neff"), "text".repeat(1000));

    assertThat(shell.run("inspect", text.toString(), longText.toString()))
        .isEqualTo(ExitCode.FAILED);

    assertThat(shell.out().lines().filter(line -> line.startsWith("  ")))
        .hasSize(2)
        .allMatch(line -> line.startsWith("  WRONG "));
  }

  @Test
  @NeedsNativeCore
  void packedModelsServeTheirDirectory() throws IOException {
    Path model = folder.resolve("model");
    copyOfTheModelAtHand(model);

    assertThat(shell.run("pack", "--model", model.toString(), "--shapes", "1x64,1x512", "--raw"))
        .isZero();
    assertThat(shell.runOn("a text", "embed", "--model", model.toString(), "--backend", "emulator"))
        .as(shell.err())
        .isZero();
    String emulated = shell.out();
    assertThat(shell.err()).contains("emulated");

    assertThat(shell.runOn("a text", "embed", "--model", model.toString(), "--backend", "onnx"))
        .isZero();
    assertThat(cosine(emulated, shell.out())).isGreaterThan(0.99999);
  }

  private static double cosine(String a, String b) {
    double dot = 0;
    var left = JsonParser.parseString(a).getAsJsonObject().getAsJsonArray("embedding");
    var right = JsonParser.parseString(b).getAsJsonObject().getAsJsonArray("embedding");
    for (int i = 0; i < left.size(); i++) {
      dot += left.get(i).getAsDouble() * right.get(i).getAsDouble();
    }
    return dot;
  }

  private static void copyOfTheModelAtHand(Path target) throws IOException {
    Path source = ModelArgument.resolve(ModelArgument.AT_HAND).folder();
    try (var all = Files.walk(source)) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        Path copy = target.resolve(source.relativize(file).toString());
        Files.createDirectories(Objects.requireNonNull(copy.getParent()));
        Files.copy(file, copy);
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--shapes 0x32      | batch x length",
        "--shapes 1x        | batch x length",
        "--shapes 1x513     | at most 512 tokens",
        "--shapes 1x32      | --output",
        "1x32               | takes options only"
      })
  void packSaysWhatItDoesNotTake(String arguments, String message) {
    String[] given = ("pack " + arguments).split(" ");
    if (!message.equals("--output")) {
      given = Arrays.copyOf(given, given.length + 2);
      given[given.length - 2] = "--output";
      given[given.length - 1] = folder.toString();
    }

    assertThat(shell.run(given)).isEqualTo(ExitCode.USAGE);
    assertThat(shell.err()).contains(message);
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void aModelOfTheVendorsLayoutIsShown() throws IOException {
    Path file = write(vendorMembers("sunda", 2), true, header -> {});

    assertThat(shell.run("inspect", "--json", file.toString())).isZero();

    JsonObject neff = JsonParser.parseString(shell.out()).getAsJsonArray().get(0).getAsJsonObject();
    assertThat(neff.get("emulated").getAsBoolean()).isFalse();
    assertThat(neff.get("target").getAsString()).isEqualTo("sunda");
    assertThat(neff.get("toolVersion").getAsString()).isEqualTo("2.21.0");
    assertThat(neff.get("weights").getAsString()).isEqualTo("inside");
    assertThat(neff.getAsJsonArray("tensors")).hasSize(3);
    assertThat(neff.getAsJsonArray("tensors").get(0).getAsJsonObject().get("shape"))
        .isEqualTo(JsonParser.parseString("[1, 128]"));
  }

  @Test
  void whatIsWrongIsSaidWithTheRemedy() throws IOException {
    expectProblem(write(vendorMembers("cayman", 2), true, header -> {}), "--target inf2");
    expectProblem(write(vendorMembers("sunda", 200), true, header -> {}), "inline_weights_to_neff");
    expectProblem(
        write(vendorMembers("sunda", 2), true, header -> header.putLong(24, 3)), "upgrade");
    expectProblem(
        write(vendorMembers("sunda", 2), true, header -> header.putInt(168, 4)),
        "for 4 NeuronCores");
    expectProblem(
        write(vendorMembers("sunda", 2), true, header -> header.putInt(552, 2)),
        "logical cores are of 2");
    expectProblem(
        write(vendorMembers("sunda", 2), true, header -> header.putLong(8, 77)), "not a NEFF file");
    Path broken = write(Map.of("info.json", "{not json"), false, header -> {});
    expectProblem(broken, "info.json is not JSON");
  }

  @Test
  void everyTruncationIsFoundAndNoneCrashes() throws IOException {
    new EmulatedNeff(1, 32, 1, false, false, true, false, 384, 30522, 0)
        .write(folder.resolve("whole.neff"), null);
    byte[] whole = Files.readAllBytes(folder.resolve("whole.neff"));
    for (int length = 0; length < whole.length; length += 97) {
      Path cut = folder.resolve("cut.neff");
      Files.write(cut, Arrays.copyOf(whole, length));

      assertThat(shell.run("inspect", cut.toString())).as("%d bytes", length).isEqualTo(1);
      assertThat(shell.out()).contains("WRONG");
    }
  }

  private void expectProblem(Path file, String problem) {
    assertThat(shell.run("inspect", file.toString())).isEqualTo(ExitCode.FAILED);
    assertThat(shell.out()).contains("WRONG").contains(problem);
  }

  /** As the vendor names its members; their JSON is a plausible one, not a copy of a real one. */
  private static Map<String, String> vendorMembers(String target, int inputs) {
    JsonObject variables = new JsonObject();
    JsonObject shapes = new JsonObject();
    for (int i = 0; i < inputs; i++) {
      variables.add("input" + i, JsonParser.parseString("{\"type\": \"input\"}"));
      shapes.add(
          "input" + i, JsonParser.parseString("{\"dtype\": \"int32\", \"shape\": [1, 128]}"));
    }
    variables.add("output0", JsonParser.parseString("{\"type\": \"output\"}"));
    variables.add("w0", JsonParser.parseString("{\"type\": \"file\", \"file_name\": \"w0.npy\"}"));
    shapes.add("output0", JsonParser.parseString("{\"dtype\": \"float32\", \"shape\": [1, 768]}"));
    JsonObject definition = new JsonObject();
    definition.add("var", variables);
    Map<String, String> members = new TreeMap<>();
    members.put("neff.json", "{}");
    members.put("kelf-0.json", "{\"target\": \"%s\"}".formatted(target));
    members.put("info.json", "{\"tool_version\": \"2.21.0\"}");
    members.put("sg00/def.json", definition.toString());
    members.put("sg00/tensor_map.json", shapes.toString());
    members.put("sg00/w0.npy", "weights");
    return members;
  }

  private interface HeaderChange {
    void apply(ByteBuffer header);
  }

  private Path write(Map<String, String> members, boolean gzip, HeaderChange change)
      throws IOException {
    ByteArrayOutputStream payload = new ByteArrayOutputStream();
    try (OutputStream tar = gzip ? new GZIPOutputStream(payload) : payload) {
      for (Map.Entry<String, String> member : members.entrySet()) {
        byte[] content = member.getValue().getBytes(StandardCharsets.UTF_8);
        tar.write(tarHeader("./" + member.getKey(), content.length));
        tar.write(Arrays.copyOf(content, (content.length + 511) / 512 * 512));
      }
      tar.write(new byte[1024]);
    }
    ByteBuffer neff = ByteBuffer.allocate(1024 + payload.size()).order(ByteOrder.LITTLE_ENDIAN);
    neff.putLong(0, gzip ? 2 : 1).putLong(8, 1024).putLong(16, payload.size()).putLong(24, 2);
    neff.putInt(168, 1).putInt(552, 1);
    neff.put(1024, payload.toByteArray());
    change.apply(neff);
    Path file = Files.createTempFile(folder, "model", ".neff");
    return Files.write(file, neff.array());
  }

  private static byte[] tarHeader(String name, int size) {
    ByteBuffer header = ByteBuffer.allocate(512);
    header.put(0, ascii(name));
    header.put(100, ascii("0000644\0"));
    header.put(124, ascii(String.format(Locale.ROOT, "%011o", size)));
    header.put(148, ascii("        "));
    header.put(156, ascii("0"));
    header.put(257, ascii("ustar\00000"));
    int sum = 0;
    for (byte b : header.array()) {
      sum += b & 0xff;
    }
    header.put(148, ascii(String.format(Locale.ROOT, "%06o\0 ", sum)));
    return header.array();
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
