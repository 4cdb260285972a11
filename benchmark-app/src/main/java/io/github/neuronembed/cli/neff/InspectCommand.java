package io.github.neuronembed.cli.neff;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.neuronembed.cli.Command;
import io.github.neuronembed.cli.ExitCode;
import io.github.neuronembed.cli.Streams;
import io.github.neuronembed.cli.UsageException;
import io.github.neuronembed.model.NeffFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;

/**
 * Shows the contents of a compiled model or of an ONNX file; exit code 1 if a file has a problem.
 */
public final class InspectCommand implements Command {

  private static final int LARGEST_MEMBERS = 5;

  /** The header size that every NEFF states. */
  private static final int HEADER_BYTES = 1024;

  @Override
  public String name() {
    return "inspect";
  }

  @Override
  public String summary() {
    return "Show a compiled model (NEFF) or an ONNX file: tensors, weights, which"
        + " output is the embedding, and problems.";
  }

  @Override
  public String arguments() {
    return "[options] FILE...";
  }

  @Override
  public Options options() {
    Options options = new Options();
    options.addOption(Option.builder().longOpt("json").desc("print a JSON array").get());
    options.addOption(
        Option.builder()
            .longOpt("members")
            .desc("list all packed files, not only the largest")
            .get());
    return options;
  }

  @Override
  public int run(CommandLine arguments, Streams streams) throws IOException {
    List<String> files = arguments.getArgList();
    if (files.isEmpty()) {
      throw new UsageException("inspect takes one or more NEFF or ONNX files.");
    }
    boolean allMembers = arguments.hasOption("members");
    StringBuilder text = new StringBuilder();
    JsonArray json = new JsonArray();
    boolean wrong = false;
    for (String name : files) {
      Path file = Path.of(name);
      if (!Files.exists(file)) {
        throw new NoSuchFileException(name);
      }
      if (Files.isDirectory(file)) {
        throw new UsageException(
            "%s is a folder; name the NEFF files in it: %s/*.neff".formatted(name, name));
      }
      if (name.endsWith(".onnx")) {
        OnnxReport onnx = OnnxReport.of(file);
        wrong |= !onnx.problem().isEmpty();
        text.append(text.isEmpty() ? "" : "\n").append(onnx.text());
        json.add(onnx.json());
        continue;
      }
      NeffFile neff = NeffFile.read(file);
      wrong |= !neff.problems().isEmpty();
      text.append(text.isEmpty() ? "" : "\n").append(describe(neff, allMembers));
      json.add(asJson(neff));
    }
    String out =
        arguments.hasOption("json")
            ? new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create().toJson(json)
                + "\n"
            : text.toString();
    streams.out().write(out.getBytes(StandardCharsets.UTF_8));
    return wrong ? ExitCode.FAILED : ExitCode.DONE;
  }

  private static String describe(NeffFile neff, boolean allMembers) {
    StringBuilder text = new StringBuilder();
    text.append(neff.file()).append(neff.emulated() ? "  (emulated: no device runs it)" : "");
    text.append('\n');
    if (isNeff(neff)) {
      contents(neff, allMembers, text);
    }
    for (String problem : neff.problems()) {
      line(text, "WRONG", problem);
    }
    if (neff.problems().isEmpty()) {
      line(text, "verdict", "nothing is wrong with the file");
    }
    return text.toString();
  }

  /** There is nothing to report about another file. */
  private static boolean isNeff(NeffFile neff) {
    return neff.header().isPresent() && neff.header().get().headerBytes() == HEADER_BYTES;
  }

  private static void contents(NeffFile neff, boolean allMembers, StringBuilder text) {
    line(text, "size", String.format(Locale.ROOT, "%,d bytes", neff.fileBytes()));
    neff.header()
        .ifPresent(
            header -> {
              line(text, "name", printable(header.name()));
              line(
                  text,
                  "format",
                  "NEFF %s.%s, package %s (%s)"
                      .formatted(
                          header.major(),
                          header.minor(),
                          header.packageVersion(),
                          header.packageVersion() == 1 ? "plain tar" : "gzip"));
              line(text, "payload", String.format(Locale.ROOT, "%,d bytes", header.payloadBytes()));
              line(
                  text,
                  "cores",
                  "%s, logical core of %s"
                      .formatted(header.cores(), Math.max(1, header.logicalCoreSize())));
              line(text, "features", String.format(Locale.ROOT, "0x%x", header.featureBits()));
            });
    line(text, "target", neff.target().isEmpty() ? "not stated" : target(neff.target()));
    line(
        text,
        "compiler",
        neff.toolVersion().isEmpty() ? "not stated" : printable(neff.toolVersion()));
    line(
        text,
        "weights",
        switch (neff.weights()) {
          case INSIDE -> "in the file";
          case OUTSIDE -> "not in the file";
          case NONE -> "none (vectors are a hash of the ids)";
          case UNKNOWN -> "not stated";
        });
    if (neff.textsPerRow() > 0) {
      line(text, "rows", "up to %s texts each".formatted(neff.textsPerRow()));
    }
    if (neff.tensors().isEmpty()) {
      line(text, "tensors", "not stated in the file; libnrt reports them when it is loaded");
    }
    for (NeffFile.Tensor tensor : neff.tensors()) {
      line(
          text,
          tensor.input() ? "input" : "output",
          "%s %s %s"
              .formatted(
                  printable(tensor.name()),
                  tensor.type().isEmpty() ? "?" : printable(tensor.type()),
                  tensor.shape().isEmpty() ? "[?]" : tensor.shape().toString()));
    }
    line(text, "packed", "%s files".formatted(neff.members().size()));
    neff.members().stream()
        .sorted(Comparator.comparingLong(NeffFile.Member::bytes).reversed())
        .limit(allMembers ? Long.MAX_VALUE : LARGEST_MEMBERS)
        .forEach(
            member ->
                text.append(
                    String.format(
                        Locale.ROOT,
                        "  %15s  %,15d  %s%n",
                        "",
                        member.bytes(),
                        printable(member.name()))));
  }

  private static String target(String target) {
    return switch (target.toLowerCase(Locale.ROOT)) {
      case "sunda" -> "sunda (NeuronCore-v2: inf2, trn1)";
      case "cayman" -> "cayman (NeuronCore-v3: trn2)";
      case "*" -> "any";
      default -> printable(target);
    };
  }

  /** A file's own words may hold what a terminal obeys. */
  static String printable(String text) {
    return text.codePoints()
        .mapToObj(c -> Character.isISOControl(c) ? "?" : Character.toString(c))
        .collect(Collectors.joining());
  }

  static void line(StringBuilder text, String name, String value) {
    text.append("  %-9s %s%n".formatted(name, value));
  }

  private static JsonObject asJson(NeffFile neff) {
    JsonObject json = new JsonObject();
    json.addProperty("file", neff.file().toString());
    json.addProperty("fileBytes", neff.fileBytes());
    json.addProperty("emulated", neff.emulated());
    neff.header()
        .ifPresent(header -> json.add("header", new GsonBuilder().create().toJsonTree(header)));
    json.addProperty("target", neff.target());
    json.addProperty("toolVersion", neff.toolVersion());
    json.addProperty("weights", neff.weights().name().toLowerCase(Locale.ROOT));
    json.addProperty("textsPerRow", neff.textsPerRow());
    json.add("tensors", new GsonBuilder().create().toJsonTree(neff.tensors()));
    json.add("members", new GsonBuilder().create().toJsonTree(neff.members()));
    json.add("problems", new GsonBuilder().create().toJsonTree(neff.problems()));
    return json;
  }
}
