package io.github.neuronembed;

import io.github.neuronembed.backend.InferenceBackend;
import io.github.neuronembed.backend.cpu.CpuOptions;
import io.github.neuronembed.backend.neuron.EmulatedBackend;
import io.github.neuronembed.backend.neuron.NeuronBackend;
import io.github.neuronembed.backend.onnx.OnnxBackend;
import io.github.neuronembed.backend.onnx.OnnxOptions;
import io.github.neuronembed.model.CrossEncoderDirectory;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.NeuronManifest;
import io.github.neuronembed.model.Precision;
import io.github.neuronembed.model.graph.GraphFile;
import io.github.neuronembed.tokenizer.TextTokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Function;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A backend that was chosen and opened.
 *
 * @param backend the backend, owned by the caller
 * @param reason why this one was chosen, in one sentence
 */
record BackendSelection(InferenceBackend backend, String reason) {

  private static final Logger LOG = LoggerFactory.getLogger(BackendSelection.class);
  private static final int EMULATED_CORES = 2;

  /**
   * Opens what is chosen.
   *
   * @param tokenizer of the model, for texts by which the encoder is prepared
   */
  static BackendSelection open(
      ModelDirectory model,
      TextTokenizer tokenizer,
      BackendChoice choice,
      CpuExecution onCpu,
      VisibleCores cores) {
    return switch (choice) {
      case AUTO ->
          auto(
              model.name(),
              model.neuronManifestFile(),
              file -> NeuronManifest.of(model).emulated(),
              reason -> neuron(model, cores, reason),
              why -> onCpu(model, tokenizer, onCpu, why));
      case ONNX -> onnx(model, onCpu, "ONNX Runtime was requested.");
      case CPU -> cpu(model, tokenizer, onCpu, "The native core's encoder was requested.");
      case NEURON -> neuron(model, cores, "NeuronCores were requested.");
      case EMULATOR -> emulator(EmulatedBackend.open(model, emulatedCores(cores), cores.text()));
    };
  }

  /** Opens what is chosen for a cross-encoder. */
  static BackendSelection open(
      CrossEncoderDirectory model, BackendChoice choice, CpuExecution onCpu, VisibleCores cores) {
    return switch (choice) {
      case AUTO ->
          auto(
              model.name(),
              model.neuronManifestFile(),
              file -> NeuronManifest.read(file).emulated(),
              reason -> neuron(model, cores, reason),
              why -> onnx(model, onCpu, "ONNX Runtime, as %s.".formatted(why)));
      case ONNX -> onnx(model, onCpu, "ONNX Runtime was requested.");
      case CPU ->
          throw new BackendUnavailableException(
              "The native core's encoder computes vectors of texts, not scores of pairs: use ONNX"
                  + " Runtime.");
      case NEURON -> neuron(model, cores, "NeuronCores were requested.");
      case EMULATOR ->
          emulator(EmulatedBackend.openCrossEncoder(model, emulatedCores(cores), cores.text()));
    };
  }

  /**
   * The device if it is available and the model was compiled for it.
   *
   * @param emulated whether a manifest describes models for the emulator
   * @param onNeuron opens the device, for a reason
   * @param onCpu opens what computes the model on the CPU; its argument says why not the device
   */
  private static BackendSelection auto(
      String model,
      Path manifest,
      Predicate<Path> emulated,
      Function<String, BackendSelection> onNeuron,
      Function<String, BackendSelection> onCpu) {
    if (!Files.isRegularFile(manifest)) {
      return onCpu.apply("the model is not compiled for NeuronCores (no neuron/manifest.json)");
    }
    if (emulated.test(manifest)) {
      return onCpu.apply("%s describes models for the emulator only".formatted(manifest));
    }
    try {
      return onNeuron.apply("NeuronCores are available and the model is compiled for them.");
    } catch (BackendUnavailableException e) {
      LOG.warn(
          "{} is compiled for NeuronCores, which cannot be used: the CPU serves it. {}",
          model,
          e.getMessage());
      return onCpu.apply(withoutFullStop(e));
    }
  }

  /** The encoder if it computes the model, else ONNX Runtime. */
  private static BackendSelection onCpu(
      ModelDirectory model, TextTokenizer tokenizer, CpuExecution onCpu, String why) {
    if (onCpu.precision() == Precision.FP32 || !onCpu.preparedGraph()) {
      return onnx(model, onCpu, "ONNX Runtime, as %s.".formatted(why));
    }
    try {
      return cpu(model, tokenizer, onCpu, "The native core's encoder, as %s.".formatted(why));
    } catch (BackendUnavailableException e) {
      return onnx(model, onCpu, "ONNX Runtime, as %s, and %s.".formatted(why, withoutFullStop(e)));
    }
  }

  private static String withoutFullStop(BackendUnavailableException e) {
    String message = String.valueOf(e.getMessage());
    return message.endsWith(".") ? message.substring(0, message.length() - 1) : message;
  }

  private static BackendSelection cpu(
      ModelDirectory model, TextTokenizer tokenizer, CpuExecution onCpu, String reason) {
    CpuOptions options = CpuOptions.forModel(model.maxTokens()).withThreads(onCpu.threads());
    return new BackendSelection(
        CpuModels.open(model, tokenizer, onCpu.precision(), options), reason);
  }

  private static BackendSelection neuron(ModelDirectory model, VisibleCores cores, String reason) {
    return new BackendSelection(
        NeuronBackend.open(NeuronManifest.of(model), model.padTokenId(), cores.text()), reason);
  }

  private static BackendSelection neuron(
      CrossEncoderDirectory model, VisibleCores cores, String reason) {
    return new BackendSelection(
        NeuronBackend.open(
            NeuronManifest.of(model), model.transformer().padTokenId(), cores.text()),
        reason);
  }

  private static int emulatedCores(VisibleCores cores) {
    return Math.max(EMULATED_CORES, cores.end());
  }

  private static BackendSelection emulator(InferenceBackend backend) {
    return new BackendSelection(
        backend, "The emulator was requested: its figures say nothing about a real device.");
  }

  private static BackendSelection onnx(ModelDirectory model, CpuExecution onCpu, String reason) {
    GraphFile graph = GraphFile.of(model, onCpu.precision(), onCpu.preparedGraph());
    OnnxOptions options = onCpu.onnxOptions(model.maxTokens());
    if (model.padsLeft() && !graph.prepared()) {
      options = options.ofOneRow();
    }
    return onnx(OnnxBackend.open(graph.path(), model.padTokenId(), options), graph, reason);
  }

  private static BackendSelection onnx(
      CrossEncoderDirectory model, CpuExecution onCpu, String reason) {
    GraphFile graph = GraphFile.of(model, onCpu.precision(), onCpu.preparedGraph());
    return onnx(
        OnnxBackend.openCrossEncoder(
            graph.path(), model.transformer().padTokenId(), onCpu.onnxOptions(model.maxTokens())),
        graph,
        reason);
  }

  private static BackendSelection onnx(InferenceBackend backend, GraphFile graph, String reason) {
    return new BackendSelection(
        backend,
        graph.prepared() ? reason + " It runs the model's graph rewritten for speed." : reason);
  }
}
