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
import io.github.neuronembed.model.graph.PreparedGraphCache;
import io.github.neuronembed.tokenizer.TextTokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
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
      case AUTO -> auto(model, tokenizer, onCpu, cores);
      case ONNX -> onnx(model, onCpu, "ONNX Runtime was requested.");
      case CPU -> cpu(model, tokenizer, onCpu, "The native core's encoder was requested.");
      case NEURON -> neuron(model, cores, "NeuronCores were requested.");
      case EMULATOR ->
          new BackendSelection(
              EmulatedBackend.open(model, Math.max(EMULATED_CORES, cores.end()), cores.text()),
              "The emulator was requested: its figures say nothing about a real device.");
    };
  }

  /** Opens what is chosen for a cross-encoder. */
  static BackendSelection open(
      CrossEncoderDirectory model, BackendChoice choice, CpuExecution onCpu, VisibleCores cores) {
    return switch (choice) {
      case AUTO -> auto(model, onCpu, cores);
      case ONNX -> onnx(model, onCpu, "ONNX Runtime was requested.");
      case CPU ->
          throw new BackendUnavailableException(
              "The native core's encoder computes vectors of texts, not scores of pairs: use ONNX"
                  + " Runtime.");
      case NEURON -> neuron(model, cores, "NeuronCores were requested.");
      case EMULATOR ->
          new BackendSelection(
              EmulatedBackend.openCrossEncoder(
                  model, Math.max(EMULATED_CORES, cores.end()), cores.text()),
              "The emulator was requested: its figures say nothing about a real device.");
    };
  }

  private static BackendSelection auto(
      CrossEncoderDirectory model, CpuExecution onCpu, VisibleCores cores) {
    String why = "the model is not compiled for NeuronCores (no neuron/manifest.json)";
    if (Files.isRegularFile(model.neuronManifestFile())) {
      if (NeuronManifest.read(model.neuronManifestFile()).emulated()) {
        why = "%s describes models for the emulator only".formatted(model.neuronManifestFile());
      } else {
        try {
          return neuron(model, cores, "NeuronCores are here and the model is compiled for them.");
        } catch (BackendUnavailableException e) {
          warn(model.name(), e);
          why = withoutFullStop(e);
        }
      }
    }
    return onnx(model, onCpu, "ONNX Runtime, as %s.".formatted(why));
  }

  private static BackendSelection neuron(
      CrossEncoderDirectory model, VisibleCores cores, String reason) {
    return new BackendSelection(
        NeuronBackend.open(
            NeuronManifest.of(model), model.transformer().padTokenId(), cores.text()),
        reason);
  }

  private static BackendSelection onnx(
      CrossEncoderDirectory model, CpuExecution onCpu, String reason) {
    Precision precision = onCpu.precision();
    Path original = model.transformer().onnxFile(precision);
    Path file =
        onCpu.preparedGraph() ? PreparedGraphCache.ofUser().fileFor(model, precision) : original;
    OnnxOptions options =
        OnnxOptions.forModel(model.maxTokens(), precision).withThreads(onCpu.threads());
    return new BackendSelection(
        OnnxBackend.openCrossEncoder(file, model.transformer().padTokenId(), options),
        rewritten(reason, file, original));
  }

  private static String rewritten(String reason, Path file, Path original) {
    return file.equals(original)
        ? reason
        : reason + " It runs the model's graph rewritten for speed.";
  }

  private static void warn(String model, BackendUnavailableException e) {
    LOG.warn(
        "{} is compiled for NeuronCores, which cannot be used: the CPU serves it. {}",
        model,
        e.getMessage());
  }

  /** The device if it is available and the model was compiled for it. */
  private static BackendSelection auto(
      ModelDirectory model, TextTokenizer tokenizer, CpuExecution onCpu, VisibleCores cores) {
    String notCompiled;
    if (!Files.isRegularFile(model.neuronManifestFile())) {
      notCompiled = "the model is not compiled for NeuronCores (no neuron/manifest.json)";
    } else if (NeuronManifest.of(model).emulated()) {
      notCompiled =
          "%s describes models for the emulator only".formatted(model.neuronManifestFile());
    } else {
      try {
        return neuron(
            model, cores, "NeuronCores are available and the model is compiled for them.");
      } catch (BackendUnavailableException e) {
        warn(model.name(), e);
        notCompiled = withoutFullStop(e);
      }
    }
    return onCpu(model, tokenizer, onCpu, notCompiled);
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

  private static BackendSelection onnx(ModelDirectory model, CpuExecution onCpu, String reason) {
    Precision precision = onCpu.precision();
    Path original = model.onnxFile(precision);
    Path file =
        onCpu.preparedGraph() ? PreparedGraphCache.ofUser().fileFor(model, precision) : original;
    OnnxOptions options =
        OnnxOptions.forModel(model.maxTokens(), precision).withThreads(onCpu.threads());
    if (model.padsLeft() && file.equals(original)) {
      options = options.ofOneRow();
    }
    return new BackendSelection(
        OnnxBackend.open(file, model.padTokenId(), options), rewritten(reason, file, original));
  }
}
