package io.github.neuronembed.backend.neuron;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.NeuronManifest;
import io.github.neuronembed.model.PoolingStrategy;
import io.github.neuronembed.model.Precision;
import io.github.neuronembed.nrt.EmulatedNeff;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * Models for the emulator, made of a model directory's ONNX file, with the manifest that describes
 * them.
 *
 * @param pooled whether the models give one finished vector a row, as a well compiled graph does
 * @param bfloat16 whether their output is bfloat16; else float32
 * @param wideIds whether their ids are int64; else int32
 * @param computed whether they compute the ONNX model; else vectors are a hash of a row's ids,
 *     which costs no time
 */
public record EmulatedModels(boolean pooled, boolean bfloat16, boolean wideIds, boolean computed) {

  /** Pooled, float32, int32, computed. */
  public static final EmulatedModels DEFAULT = new EmulatedModels(true, false, false, true);

  /** Pooled, float32, int32, not computed: for what is about the host alone. */
  public static final EmulatedModels HASHED = new EmulatedModels(true, false, false, false);

  private static final Gson GSON = new GsonBuilder().setPrettyPrinting().create();

  /** As {@link #DEFAULT}, but not pooled where the model pools as the emulator cannot. */
  static EmulatedModels fitting(ModelDirectory model) {
    return new EmulatedModels(poolsAsEmulator(model), false, false, true);
  }

  private static boolean poolsAsEmulator(ModelDirectory model) {
    return model.pooling() == PoolingStrategy.CLS && model.normalize();
  }

  /**
   * Writes a NEFF for each shape and {@code manifest.json}.
   *
   * @param model the model; pooled outputs need CLS pooling and normalisation, which is what the
   *     emulator does
   * @param shapes what to pack
   * @param folder where; made if it is not there
   * @return the manifest
   * @throws IllegalArgumentException if the outputs are to be pooled in another way
   * @throws IOException if reading or writing fails
   */
  public NeuronManifest pack(ModelDirectory model, List<Shape> shapes, Path folder)
      throws IOException {
    if (pooled && !poolsAsEmulator(model)) {
      throw new IllegalArgumentException(
          "The emulator pools by CLS and normalises; pack raw outputs for %s."
              .formatted(model.name()));
    }
    JsonArray entries = new JsonArray();
    for (Shape shape : shapes) {
      String name =
          "%s-%sx%s.neff".formatted(model.name(), shape.batchSize(), shape.sequenceLength());
      new EmulatedNeff(
              shape.batchSize(),
              shape.sequenceLength(),
              wideIds,
              pooled,
              bfloat16,
              model.hiddenSize(),
              model.vocabularySize(),
              model.padTokenId())
          .write(folder.resolve(name), computed ? model.onnxFile(Precision.FP32) : null);
      entries.add(entry(name, shape, model.hiddenSize()));
    }
    JsonObject manifest = new JsonObject();
    manifest.addProperty("format", 1);
    manifest.addProperty("emulated", true);
    manifest.addProperty("model", model.name());
    manifest.add("models", entries);
    Path file = folder.resolve("manifest.json");
    Files.writeString(file, GSON.toJson(manifest) + "\n");
    return NeuronManifest.read(file);
  }

  /**
   * Makes a model directory with emulated models of its own, whose other files are links to those
   * of the model.
   *
   * @param model stays as it is
   * @param shapes what to pack
   * @param folder where; an empty one, or none yet
   * @return the directory made
   * @throws IllegalArgumentException if the outputs are to be pooled in another way
   * @throws IOException if reading, linking or writing fails
   */
  public ModelDirectory linked(ModelDirectory model, List<Shape> shapes, Path folder)
      throws IOException {
    Files.createDirectories(folder);
    try (Stream<Path> entries = Files.list(model.folder())) {
      Path compiled = model.neuronManifestFile().getParent();
      for (Path entry : entries.filter(file -> !file.equals(compiled)).toList()) {
        Files.createSymbolicLink(folder.resolve(entry.getFileName()), entry.toAbsolutePath());
      }
    }
    ModelDirectory made = ModelDirectory.open(folder);
    pack(made, shapes, Objects.requireNonNull(made.neuronManifestFile().getParent()));
    return made;
  }

  private JsonObject entry(String name, Shape shape, int hiddenSize) {
    JsonObject entry = new JsonObject();
    entry.addProperty("file", name);
    entry.addProperty("batch", shape.batchSize());
    entry.addProperty("sequenceLength", shape.sequenceLength());
    JsonArray inputs = new JsonArray();
    inputs.add(input(EmulatedNeff.INPUT_IDS, "input_ids"));
    inputs.add(input(EmulatedNeff.ATTENTION_MASK, "attention_mask"));
    entry.add("inputs", inputs);
    JsonObject output = new JsonObject();
    output.addProperty("name", EmulatedNeff.OUTPUT);
    output.addProperty("kind", pooled ? "pooled" : "raw");
    output.addProperty("dtype", bfloat16 ? "bfloat16" : "float32");
    output.addProperty("hiddenSize", hiddenSize);
    entry.add("output", output);
    return entry;
  }

  private JsonObject input(String name, String role) {
    JsonObject input = new JsonObject();
    input.addProperty("name", name);
    input.addProperty("role", role);
    input.addProperty("dtype", wideIds ? "int64" : "int32");
    return input;
  }
}
