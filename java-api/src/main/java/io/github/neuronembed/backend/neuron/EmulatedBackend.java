package io.github.neuronembed.backend.neuron;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import io.github.neuronembed.BackendUnavailableException;
import io.github.neuronembed.backend.InferenceBackend;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.onnx.OnnxLibrary;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.NeuronManifest;
import io.github.neuronembed.nrt.InputPath;
import io.github.neuronembed.nrt.NrtEmulator;
import io.github.neuronembed.nrt.NrtException;
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
 * are packed for the occasion. Nothing measured on it says anything about a device.
 */
public final class EmulatedBackend {

  private EmulatedBackend() {}

  /** The emulator's own variable: its configuration as JSON, or the path of a file of it. */
  private static final String CONFIGURATION = "NRT_EMULATOR_CONFIG";

  /**
   * Opens it with what a model needs to be served: short, middle and longest texts. The environment
   * variable {@code NRT_EMULATOR_CONFIG} may configure the emulator, as its README describes it.
   *
   * @param cores emulated cores, unless the environment says how many
   * @throws BackendUnavailableException if the emulator is not part of this build, or what the
   *     environment says of it makes no sense
   * @throws io.github.neuronembed.ModelLoadException if a model cannot be packed or loaded
   */
  public static InferenceBackend open(ModelDirectory model, int cores) {
    int longest = model.maxTokens();
    List<Shape> shapes =
        Stream.of(new Shape(4, 32), new Shape(2, 128), new Shape(1, longest))
            .filter(shape -> shape.sequenceLength() <= longest)
            .distinct()
            .toList();
    JsonObject configuration = ofEnvironment();
    if (configuration.get("cores") instanceof JsonPrimitive number && number.isNumber()) {
      cores = number.getAsInt();
    }
    return open(model, shapes, EmulatedModels.DEFAULT, InputPath.WRITE_BATCH, cores, configuration);
  }

  private static JsonObject ofEnvironment() {
    String value = System.getenv(CONFIGURATION);
    if (value == null || value.isEmpty()) {
      return new JsonObject();
    }
    try {
      String json = value.startsWith("{") ? value : Files.readString(Path.of(value));
      return JsonParser.parseString(json).getAsJsonObject();
    } catch (IOException | JsonParseException | IllegalStateException | InvalidPathException e) {
      throw new BackendUnavailableException(
          "%s is neither a JSON object nor the path of a file of one.".formatted(CONFIGURATION), e);
    }
  }

  /**
   * Opens it.
   *
   * @param shapes what to pack if the directory has no emulated models
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
    Path folder = null;
    try {
      folder = Files.createTempDirectory("neuron-embed-emulated");
      NrtEmulator emulator = NrtEmulator.open();
      JsonObject compute = new JsonObject();
      compute.addProperty("onnxRuntime", OnnxLibrary.unpack(folder).toString());
      configuration.add("compute", compute);
      configuration.addProperty("cores", cores);
      if (!configuration.has("lockDirectory")) {
        // Emulated cores are no scarce thing: processes need not take turns.
        configuration.addProperty("lockDirectory", "");
      }
      emulator.configure(configuration.toString());
      NeuronManifest manifest =
          hasEmulatedModels(model)
              ? NeuronManifest.read(model.neuronManifestFile())
              : models.pack(model, shapes, folder);
      return NeuronBackend.openEmulated(emulator, manifest, model.padTokenId(), inputPath);
    } catch (NrtException e) {
      throw NeuronErrors.atOpen(e);
    } catch (IOException e) {
      throw new BackendUnavailableException(
          "The emulator needs room for the model in the temporary folder: " + e, e);
    } finally {
      delete(folder);
    }
  }

  private static boolean hasEmulatedModels(ModelDirectory model) {
    return Files.isRegularFile(model.neuronManifestFile())
        && NeuronManifest.read(model.neuronManifestFile()).emulated();
  }

  /** What was loaded is not needed any more. */
  private static void delete(@Nullable Path folder) {
    if (folder == null) {
      return;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      // What is left in a temporary folder is the system's to remove.
    }
  }
}
