package io.github.neuronembed.cli.bench.measure;

import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.github.neuronembed.BackendChoice;
import io.github.neuronembed.CpuModels;
import io.github.neuronembed.backend.InferenceBackend;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.cpu.CpuOptions;
import io.github.neuronembed.backend.neuron.EmulatedBackend;
import io.github.neuronembed.backend.neuron.EmulatedModels;
import io.github.neuronembed.backend.neuron.NeuronBackend;
import io.github.neuronembed.backend.onnx.OnnxBackend;
import io.github.neuronembed.backend.onnx.OnnxOptions;
import io.github.neuronembed.cli.EmbedderArguments;
import io.github.neuronembed.cli.UsageException;
import io.github.neuronembed.cli.bench.result.Cell;
import io.github.neuronembed.cli.bench.result.Subject;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.NeffFile;
import io.github.neuronembed.model.NeuronManifest;
import io.github.neuronembed.model.Precision;
import io.github.neuronembed.model.graph.GraphFile;
import io.github.neuronembed.nrt.InputPath;
import io.github.neuronembed.nrt.NeuronRuntime;
import io.github.neuronembed.nrt.NrtException;
import io.github.neuronembed.nrt.NrtLibrary;
import io.github.neuronembed.nrt.RuntimeOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.commons.cli.CommandLine;

/** The backends that compute the cells of a run. */
public final class Backends {

  /** The number of cores that NeuronPerf assumes for an unknown instance type. */
  private static final int UNKNOWN_CORES = 2;

  /** Cores of the emulator's instances, as its README lists them. */
  private static final Map<String, Integer> EMULATED_CORES =
      Map.of("inf2.xlarge", 2, "inf2.8xlarge", 2, "inf2.24xlarge", 12, "inf2.48xlarge", 24);

  private Backends() {}

  /**
   * The backend that the arguments choose; {@code auto} is the device if the model was compiled for
   * it.
   *
   * @throws UsageException if the arguments contradict each other
   */
  public static BackendChoice choice(CommandLine arguments, ModelDirectory model) {
    BackendChoice choice = EmbedderArguments.backend(arguments, model);
    if (choice == BackendChoice.EMULATOR && arguments.hasOption("precision")) {
      throw new UsageException(
          "--precision goes with --backend cpu or onnx: the emulator computes in fp32.");
    }
    for (String option : List.of("emulator", "emulated-hash")) {
      if (arguments.hasOption(option) && choice != BackendChoice.EMULATOR) {
        throw new UsageException("--%s goes with --backend emulator.".formatted(option));
      }
    }
    return choice;
  }

  /**
   * Whether a model is computed: the emulator prefers the packed file, which may compute only a
   * hash.
   */
  public static boolean computes(CommandLine arguments, ModelDirectory model, BackendChoice choice)
      throws IOException {
    if (choice != BackendChoice.EMULATOR) {
      return true;
    }
    if (Files.isRegularFile(model.neuronManifestFile())) {
      NeuronManifest manifest = NeuronManifest.of(model);
      if (manifest.emulated()) {
        return NeffFile.read(manifest.models().get(0).neff()).weights() != NeffFile.Weights.NONE;
      }
    }
    return !arguments.hasOption("emulated-hash");
  }

  /** The precision of the computation, for the reports and to distinguish runs. */
  public static String precision(BackendChoice choice, Precision precision, boolean computed) {
    return switch (choice) {
      case NEURON -> "compiled";
      case EMULATOR -> computed ? "fp32" : Subject.NOT_COMPUTED;
      case CPU -> EmbedderArguments.name(precision);
      case AUTO, ONNX ->
          EmbedderArguments.name(precision == Precision.EXACT ? Precision.FP32 : precision);
    };
  }

  /** The file that is loaded. */
  public static Path file(
      ModelDirectory model, BackendChoice backend, Precision precision, boolean preparedGraph) {
    return switch (backend) {
      case NEURON -> model.neuronManifestFile();
      case EMULATOR, CPU -> model.onnxFile(Precision.FP32);
      case AUTO, ONNX -> GraphFile.of(model, precision, preparedGraph).path();
    };
  }

  /** The model in fp32, for one row at a time, up to a length. */
  public static InferenceBackend reference(ModelDirectory model, int sequenceLength) {
    return OnnxBackend.open(
        model.onnxFile(Precision.FP32),
        model.padTokenId(),
        new OnnxOptions(1, 1, List.of(new Shape(1, sequenceLength))));
  }

  /**
   * Opens a cell's backend with the cell's shape and a replica for each of its models.
   *
   * @param file from {@link #file}
   * @param precision the precision on a CPU
   * @param emulator configuration of the emulator
   * @param computed whether the emulator computes the model
   */
  public static BenchBackends of(
      ModelDirectory model,
      BackendChoice backend,
      Path file,
      Precision precision,
      JsonObject emulator,
      boolean computed) {
    return switch (backend) {
      case AUTO, ONNX ->
          cell ->
              OnnxBackend.open(
                  file,
                  model.padTokenId(),
                  new OnnxOptions(cell.models(), 1, List.of(cell.shape())));
      case CPU ->
          cell ->
              CpuModels.open(
                  model, precision, new CpuOptions(cell.models(), 1, List.of(cell.shape())));
      case NEURON -> {
        NeuronManifest manifest = NeuronManifest.of(model);
        yield cell ->
            NeuronBackend.open(
                manifest,
                model.padTokenId(),
                RuntimeOptions.defaults().withCoreCount(cell.models()),
                inputPath(cell));
      }
      case EMULATOR ->
          cell ->
              EmulatedBackend.open(
                  model,
                  List.of(cell.shape()),
                  computed ? EmulatedModels.DEFAULT : EmulatedModels.HASHED,
                  inputPath(cell),
                  cell.models(),
                  emulator.deepCopy());
    };
  }

  /**
   * The number of cores to measure on, for a backend with cores.
   *
   * @param emulator configuration of the emulator
   * @return 1 on a CPU; {@link #UNKNOWN_CORES} if the runtime does not report it
   */
  public static int cores(BackendChoice backend, JsonObject emulator) {
    return switch (backend) {
      case AUTO, CPU, ONNX -> 1;
      case NEURON -> deviceCores();
      case EMULATOR -> emulatedCores(emulator);
    };
  }

  private static int deviceCores() {
    try (NeuronRuntime runtime = NeuronRuntime.open(NrtLibrary.open(), RuntimeOptions.defaults())) {
      return runtime.visibleCoreCount();
    } catch (NrtException e) {
      // The first cell will fail to open it too, and reports why.
      return UNKNOWN_CORES;
    }
  }

  private static int emulatedCores(JsonObject emulator) {
    if (emulator.get("cores") instanceof JsonPrimitive cores && cores.isNumber()) {
      return Math.max(1, cores.getAsInt());
    }
    return emulator.get("instance") instanceof JsonPrimitive instance
        ? EMULATED_CORES.getOrDefault(instance.getAsString(), UNKNOWN_CORES)
        : UNKNOWN_CORES;
  }

  private static InputPath inputPath(Cell cell) {
    return cell.inputPath() == null ? InputPath.WRITE_BATCH : cell.inputPath();
  }
}
