package io.github.neuronembed.backend.neuron;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.model.NeuronManifest;
import io.github.neuronembed.nrt.EmulatedNeff;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the emulated NEFFs of one model have in common; writes them, and the manifest that describes
 * them.
 *
 * @param model its name
 * @param width numbers of a vector; 1 for the score of a pair
 * @param vocabularySize token ids are below it
 * @param padTokenId the padding token
 * @param pooled whether there is one vector a text; else one for each token
 * @param bfloat16 whether the output is bfloat16; else float32
 * @param tokenTypes whether plain shapes are given the tokens' types
 * @param wideIds whether ids are int64; else int32
 */
record EmulatedNeffs(
    String model,
    int width,
    int vocabularySize,
    int padTokenId,
    boolean pooled,
    boolean bfloat16,
    boolean tokenTypes,
    boolean wideIds) {

  private static final Gson GSON = new GsonBuilder().setPrettyPrinting().create();

  /**
   * Writes a NEFF for each shape and {@code manifest.json}.
   *
   * @param folder an existing one
   * @param onnx what plain shapes compute; null for a hash of a row's ids
   * @param packedOnnx what packed shapes compute; likewise
   */
  NeuronManifest write(
      List<Shape> shapes, Path folder, @Nullable Path onnx, @Nullable Path packedOnnx)
      throws IOException {
    JsonArray entries = new JsonArray();
    for (Shape shape : shapes) {
      String name = "%s-%s.neff".formatted(model, shape.argument());
      new EmulatedNeff(
              shape.batchSize(),
              shape.sequenceLength(),
              shape.textsPerRow(),
              tokenTypes && !shape.isPacked(),
              wideIds,
              pooled,
              bfloat16,
              width,
              vocabularySize,
              padTokenId)
          .write(folder.resolve(name), shape.isPacked() ? packedOnnx : onnx);
      entries.add(entry(name, shape));
    }
    JsonObject manifest = new JsonObject();
    manifest.addProperty("format", shapes.stream().anyMatch(Shape::isPacked) ? 2 : 1);
    manifest.addProperty("emulated", true);
    manifest.addProperty("model", model);
    manifest.add("models", entries);
    Path file = folder.resolve("manifest.json");
    Files.writeString(file, GSON.toJson(manifest) + "\n");
    return NeuronManifest.read(file);
  }

  private JsonObject entry(String name, Shape shape) {
    JsonObject entry = new JsonObject();
    entry.addProperty("file", name);
    entry.addProperty("batch", shape.batchSize());
    entry.addProperty("sequenceLength", shape.sequenceLength());
    String ids = wideIds ? "int64" : "int32";
    JsonArray inputs = new JsonArray();
    inputs.add(input(EmulatedNeff.INPUT_IDS, "input_ids", ids));
    if (shape.isPacked()) {
      JsonObject packing = new JsonObject();
      packing.addProperty("texts", shape.textsPerRow());
      entry.add("packing", packing);
      inputs.add(input(EmulatedNeff.STARTS, "starts", "int32"));
    } else {
      inputs.add(input(EmulatedNeff.ATTENTION_MASK, "attention_mask", ids));
      if (tokenTypes) {
        inputs.add(input(EmulatedNeff.TOKEN_TYPE_IDS, "token_type_ids", ids));
      }
    }
    entry.add("inputs", inputs);
    JsonObject output = new JsonObject();
    output.addProperty("name", EmulatedNeff.OUTPUT);
    output.addProperty("kind", pooled ? "pooled" : "raw");
    output.addProperty("dtype", bfloat16 ? "bfloat16" : "float32");
    output.addProperty("hiddenSize", width);
    entry.add("output", output);
    return entry;
  }

  private static JsonObject input(String name, String role, String type) {
    JsonObject input = new JsonObject();
    input.addProperty("name", name);
    input.addProperty("role", role);
    input.addProperty("dtype", type);
    return input;
  }
}
