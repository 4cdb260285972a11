package io.github.neuronembed.backend.neuron;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import io.github.neuronembed.BackendUnavailableException;
import io.github.neuronembed.backend.InferenceBackend;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.onnx.OnnxLibrary;
import io.github.neuronembed.model.CrossEncoderDirectory;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.NeuronManifest;
import io.github.neuronembed.nrt.InputPath;
import io.github.neuronembed.nrt.NrtEmulator;
import io.github.neuronembed.nrt.NrtException;
import io.github.neuronembed.nrt.RuntimeOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A model directory on the emulated libnrt: its own emulated models if it has any, else models that
 * are packed on the fly. Its figures say nothing about a device.
 */
public final class EmulatedBackend {

  private static final String CONFIGURATION = "NRT_EMULATOR_CONFIG";

  private EmulatedBackend() {}

  /**
   * Opens it with shapes for short, medium and the longest texts. Its times, faults and other
   * settings come from the environment variable {@code NRT_EMULATOR_CONFIG}.
   *
   * @param cores emulated cores of the instance, unless the environment says how many
   * @param visibleCores which of them to own, as libnrt takes it; empty for all
   * @throws BackendUnavailableException if the emulator is not part of this build, or its
   *     configuration in the environment is invalid
   * @throws io.github.neuronembed.ModelLoadException if a model cannot be packed or loaded
   */
  public static InferenceBackend open(ModelDirectory model, int cores, String visibleCores) {
    EmulatedModels models = EmulatedModels.fitting(model);
    return openConfigured(
        folder ->
            hasEmulatedModels(model)
                ? NeuronManifest.of(model)
                : models.pack(model, usualShapes(model.maxTokens()), folder),
        model.padTokenId(),
        cores,
        visibleCores);
  }

  /**
   * Opens it with what a cross-encoder needs to be served, see {@link #open(ModelDirectory, int,
   * String)}.
   */
  public static InferenceBackend openCrossEncoder(
      CrossEncoderDirectory model, int cores, String visibleCores) {
    return openConfigured(
        folder ->
            isEmulated(model.neuronManifestFile())
                ? NeuronManifest.of(model)
                : EmulatedModels.packScores(model, usualShapes(model.maxTokens()), folder),
        model.transformer().padTokenId(),
        cores,
        visibleCores);
  }

  private static List<Shape> usualShapes(int longest) {
    return Stream.of(new Shape(4, 32), new Shape(2, 128), new Shape(1, longest))
        .filter(shape -> shape.sequenceLength() <= longest)
        .distinct()
        .toList();
  }

  private static InferenceBackend openConfigured(
      Models models, int padTokenId, int cores, String visibleCores) {
    JsonObject configuration = configured(System.getenv(CONFIGURATION));
    if (configuration.get("cores") instanceof JsonPrimitive number && number.isNumber()) {
      cores = number.getAsInt();
    }
    return open(
        models,
        padTokenId,
        InputPath.WRITE_BATCH,
        cores,
        configuration,
        RuntimeOptions.defaults().withVisibleCores(visibleCores));
  }

  /** What is loaded. */
  private interface Models {
    /** Describes models, which may be made in an empty folder that is removed later. */
    NeuronManifest in(Path folder) throws IOException;
  }

  /**
   * The emulator's configuration in the environment.
   *
   * @param given JSON, or the path of a JSON file; null or empty for none
   * @throws BackendUnavailableException if it cannot be read
   */
  static JsonObject configured(@Nullable String given) {
    if (given == null || given.isBlank()) {
      return new JsonObject();
    }
    try {
      String json = given.stripLeading().startsWith("{") ? given : Files.readString(Path.of(given));
      return JsonParser.parseString(json).getAsJsonObject();
    } catch (IOException | InvalidPathException | JsonParseException | IllegalStateException e) {
      throw new BackendUnavailableException(
          "%s is neither a JSON object nor a file with one: %s".formatted(CONFIGURATION, e), e);
    }
  }

  /**
   * Opens it.
   *
   * @param shapes the shapes to pack if the directory has no emulated models
   * @param models how to pack them
   * @param cores emulated cores
   * @param configuration more of the emulator's configuration, as its README describes it; changed
   * @throws BackendUnavailableException if the emulator is not part of this build
   * @throws io.github.neuronembed.ModelLoadException if a model cannot be packed or loaded
   */
  public static InferenceBackend open(
      ModelDirectory model,
      List<Shape> shapes,
      EmulatedModels models,
      InputPath inputPath,
      int cores,
      JsonObject configuration) {
    return open(
        folder ->
            hasEmulatedModels(model)
                ? NeuronManifest.of(model)
                : models.pack(model, shapes, folder),
        model.padTokenId(),
        inputPath,
        cores,
        configuration,
        RuntimeOptions.defaults());
  }

  private static InferenceBackend open(
      Models models,
      int padTokenId,
      InputPath inputPath,
      int cores,
      JsonObject configuration,
      RuntimeOptions options) {
    Path folder = null;
    try {
      folder = Files.createTempDirectory("neuron-embed-emulated");
      NrtEmulator emulator = NrtEmulator.open();
      JsonObject compute = new JsonObject();
      compute.addProperty("onnxRuntime", OnnxLibrary.file().toString());
      configuration.add("compute", compute);
      configuration.addProperty("cores", cores);
      if (!configuration.has("lockDirectory")) {
        // Emulated cores are not scarce: processes need not share them.
        configuration.addProperty("lockDirectory", "");
      }
      emulator.configure(configuration.toString());
      return NeuronBackend.openEmulated(
          emulator, models.in(folder), padTokenId, options, inputPath);
    } catch (NrtException e) {
      throw NeuronErrors.atOpen(e);
    } catch (IOException e) {
      throw new BackendUnavailableException(
          "The emulator needs space for the model in the temporary folder: " + e, e);
    } finally {
      delete(folder);
    }
  }

  private static boolean hasEmulatedModels(ModelDirectory model) {
    return isEmulated(model.neuronManifestFile());
  }

  private static boolean isEmulated(Path manifest) {
    return Files.isRegularFile(manifest) && NeuronManifest.read(manifest).emulated();
  }

  /** The loaded files are no longer needed. */
  private static void delete(@Nullable Path folder) {
    if (folder == null) {
      return;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      // The system removes files that remain in a temporary folder.
    }
  }
}
