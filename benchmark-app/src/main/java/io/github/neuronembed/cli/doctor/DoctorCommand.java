package io.github.neuronembed.cli.doctor;

import io.github.neuronembed.EmbeddingException;
import io.github.neuronembed.backend.neuron.NeuronBackend;
import io.github.neuronembed.cli.Command;
import io.github.neuronembed.cli.ExitCode;
import io.github.neuronembed.cli.Streams;
import io.github.neuronembed.cli.models.ModelArgument;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.NeffFile;
import io.github.neuronembed.model.NeuronManifest;
import io.github.neuronembed.nrt.NeuronRuntime;
import io.github.neuronembed.nrt.NrtEmulator;
import io.github.neuronembed.nrt.NrtException;
import io.github.neuronembed.nrt.NrtLibrary;
import io.github.neuronembed.nrt.RuntimeOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;
import org.jspecify.annotations.Nullable;

/**
 * Checks whether models can run on the NeuronCores of this machine, and reports what is missing.
 * Exit code 1 if something is missing. Its checks of a real device have not run on one yet.
 */
public final class DoctorCommand implements Command {

  private final Path root;
  private final Map<String, String> environment;

  /** Of this machine. */
  public DoctorCommand() {
    this(Path.of("/"), System.getenv());
  }

  DoctorCommand(Path root, Map<String, String> environment) {
    this.root = root;
    this.environment = environment;
  }

  @Override
  public String name() {
    return "doctor";
  }

  @Override
  public String summary() {
    return "Check whether this machine has everything for NeuronCores; exit code 1 if"
        + " something is missing.";
  }

  @Override
  public String arguments() {
    return "[options]";
  }

  @Override
  public Options options() {
    Options options = new Options();
    options.addOption(
        Option.builder("m")
            .longOpt("model")
            .hasArg()
            .argName("NAME|DIR")
            .desc(
                "also check this model directory: what it states, which output of its ONNX"
                    + " files is the embedding, its compiled models")
            .get());
    options.addOption(
        Option.builder()
            .longOpt("take-cores")
            .desc(
                "initialise the runtime, which takes the cores for a short time, and load"
                    + " the models of --model")
            .get());
    options.addOption(
        Option.builder()
            .longOpt("emulator")
            .desc("check the emulated libnrt instead of the machine's")
            .get());
    return options;
  }

  @Override
  public int run(CommandLine arguments, Streams streams) throws IOException {
    requireOptionsOnly(arguments);
    boolean emulator = arguments.hasOption("emulator");
    List<Finding> findings = new ArrayList<>();
    MachineCheck machine = new MachineCheck(root, environment);
    if (!emulator) {
      findings.addAll(machine.findings());
    }
    RuntimeCheck runtime =
        RuntimeCheck.run(
            emulator ? () -> NrtEmulator.open().library() : NrtLibrary::open,
            emulator ? "" : machine.driverVersion());
    findings.addAll(runtime.findings());
    @Nullable String name = arguments.getOptionValue("model");
    @Nullable ModelDirectory model = name == null ? null : ModelArgument.resolve(name);
    if (model != null) {
      findings.addAll(ModelCheck.findings(model));
    }
    @Nullable NeuronManifest manifest = model == null ? null : manifest(model, findings);
    NrtLibrary library = runtime.library();
    if (arguments.hasOption("take-cores") && library != null) {
      cores(library, findings);
      if (model != null && manifest != null) {
        load(model, manifest, library, findings);
      }
    }
    return print(findings, emulator, streams);
  }

  /** The compiled models as files. */
  private static @Nullable NeuronManifest manifest(ModelDirectory model, List<Finding> findings)
      throws IOException {
    if (!Files.isRegularFile(model.neuronManifestFile())) {
      findings.add(
          Finding.problem(
              "models",
              "%s does not exist.".formatted(model.neuronManifestFile()),
              "Compile the model for NeuronCores, or make emulated ones with neuron-embed pack."));
      return null;
    }
    NeuronManifest manifest;
    try {
      manifest = NeuronManifest.of(model);
    } catch (EmbeddingException e) {
      findings.add(Finding.problem("models", String.valueOf(e.getMessage()), ""));
      return null;
    }
    for (NeuronManifest.CompiledModel compiled : manifest.models()) {
      NeffFile neff = NeffFile.read(compiled.neff());
      String file = compiled.neff().getFileName().toString();
      if (neff.problems().isEmpty()) {
        findings.add(
            Finding.ok(
                "models",
                "%s for %s%s"
                    .formatted(file, compiled.shape(), neff.emulated() ? " (emulated)" : "")));
      }
      for (String problem : neff.problems()) {
        findings.add(
            Finding.problem("models", "%s: %s".formatted(file, problem), "inspect shows more."));
      }
    }
    return manifest;
  }

  private static void cores(NrtLibrary library, List<Finding> findings) {
    try (NeuronRuntime runtime = NeuronRuntime.open(library, RuntimeOptions.defaults())) {
      NeuronRuntime.InstanceInfo instance = runtime.instance();
      StringBuilder text = new StringBuilder();
      text.append(runtime.visibleCoreCount()).append(" visible");
      if (runtime.totalCoreCount() > 0) {
        text.append(" of ").append(runtime.totalCoreCount());
      }
      if (!instance.architecture().isEmpty()) {
        text.append(", ").append(instance.architecture());
      }
      findings.add(Finding.ok("runtime", text.toString()));
      try {
        NeuronRuntime.MemoryStats memory = runtime.memoryStats(0);
        findings.add(
            Finding.ok(
                "memory",
                String.format(
                    Locale.ROOT,
                    "core 0 uses %,d of %,d MB",
                    memory.usedBytes() >> 20,
                    memory.limitBytes() >> 20)));
      } catch (NrtException e) {
        findings.add(Finding.note("memory", "This runtime does not report its memory.", ""));
      }
    } catch (NrtException e) {
      findings.add(
          Finding.problem(
              "runtime",
              String.valueOf(e.getMessage()),
              "If another process holds the cores, stop it or divide the cores with"
                  + " NEURON_RT_VISIBLE_CORES."));
    }
  }

  private static void load(
      ModelDirectory model, NeuronManifest manifest, NrtLibrary library, List<Finding> findings) {
    try (NeuronBackend backend =
        library.isEmulated()
            ? NeuronBackend.openEmulated(NrtEmulator.of(library), manifest, model.padTokenId())
            : NeuronBackend.open(manifest, model.padTokenId(), RuntimeOptions.defaults())) {
      findings.add(
          Finding.ok(
              "load",
              "%s %s loaded on %s"
                  .formatted(
                      backend.shapes().size(),
                      backend.shapes().size() == 1 ? "shape" : "shapes",
                      backend.description())));
    } catch (EmbeddingException e) {
      findings.add(Finding.problem("load", String.valueOf(e.getMessage()), ""));
    }
  }

  private static int print(List<Finding> findings, boolean emulator, Streams streams)
      throws IOException {
    StringBuilder text = new StringBuilder();
    if (emulator) {
      text.append("The emulated libnrt; this says nothing about a device.\n");
    }
    for (Finding finding : findings) {
      String level =
          switch (finding.level()) {
            case OK -> "ok";
            case NOTE -> "note";
            case PROBLEM -> "PROBLEM";
          };
      text.append("%-8s %-12s %s%n".formatted(level, finding.subject(), finding.text()));
      if (!finding.remedy().isEmpty()) {
        text.append("%-21s %s%n".formatted("", finding.remedy()));
      }
    }
    long problems = findings.stream().filter(f -> f.level() == Finding.Level.PROBLEM).count();
    text.append(
        problems == 0
            ? "Nothing is missing%n".formatted()
            : "%s %s%n".formatted(problems, problems == 1 ? "problem" : "problems"));
    streams.out().write(text.toString().getBytes(StandardCharsets.UTF_8));
    return problems == 0 ? ExitCode.DONE : ExitCode.FAILED;
  }
}
