package io.github.neuronembed.backend.neuron;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.model.EmbeddingOutput;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.NeuronManifest;
import io.github.neuronembed.model.OnnxInterface;
import io.github.neuronembed.model.PoolingStrategy;
import io.github.neuronembed.model.Precision;
import io.github.neuronembed.model.SingleOutputCopy;
import io.github.neuronembed.model.graph.PackedGraph;
import io.github.neuronembed.model.graph.UnsupportedGraphException;
import io.github.neuronembed.nrt.EmulatedNeff;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Models for the emulator, made from a model directory's ONNX file, with the manifest that
 * describes them.
 *
 * @param pooled whether the models return one finished vector per row, as a well compiled graph
 *     does
 * @param bfloat16 whether their output is bfloat16; else float32
 * @param wideIds whether their ids are int64; else int32
 * @param computed whether they compute the ONNX model; else vectors are a hash of a row's ids,
 *     which costs no time
 */
public record EmulatedModels(boolean pooled, boolean bfloat16, boolean wideIds, boolean computed) {

  /** Pooled, float32, int32, computed. */
  public static final EmulatedModels DEFAULT = new EmulatedModels(true, false, false, true);

  /** Pooled, float32, int32, not computed: for measurements of the host alone. */
  public static final EmulatedModels HASHED = new EmulatedModels(true, false, false, false);

  private static final String MASK_ROLE = "attention_mask";

  private static final Gson GSON = new GsonBuilder().setPrettyPrinting().create();

  /** As {@link #DEFAULT}, but not pooled if neither the graph nor the emulator pools correctly. */
  static EmulatedModels fitting(ModelDirectory model) {
    return new EmulatedModels(
        poolsAsEmulator(model) || source(model.onnxFile(Precision.FP32), true).output.pooled(),
        false,
        false,
        true);
  }

  private static boolean poolsAsEmulator(ModelDirectory model) {
    return model.pooling().is(PoolingStrategy.CLS) && model.normalize();
  }

  /** An ONNX file, the output that is read, and whether it has further ones. */
  private record Source(Path onnx, EmbeddingOutput output, boolean others) {}

  /**
   * Checks that the emulator can compute a file.
   *
   * @throws ModelLoadException if it cannot
   */
  private static Source source(Path onnx, boolean mayPool) {
    OnnxInterface file = OnnxInterface.read(onnx);
    if (file.externalData()) {
      throw new ModelLoadException(
          "%s keeps weights in another file, and a NEFF holds one file: save the model as one ONNX"
                  .formatted(onnx)
              + " file, or serve it with the ONNX Runtime backend.");
    }
    for (OnnxInterface.Port input : file.inputs()) {
      if (!input.type().equals("int64")) {
        throw new ModelLoadException(
            "%s takes %s in %s, and the emulator computes models that take int64: export it so, or"
                    .formatted(onnx, input.name(), input.type())
                + " serve it with the ONNX Runtime backend.");
      }
    }
    if (file.inputs().stream().noneMatch(input -> input.name().equals(MASK_ROLE))) {
      throw new ModelLoadException(
          "%s takes no %s, so the padding of a compiled shape would count: export it with one, or"
                  .formatted(onnx, MASK_ROLE)
              + " serve it with the ONNX Runtime backend.");
    }
    EmbeddingOutput output = EmbeddingOutput.of(onnx, file.outputs());
    if (output.pooled() && !mayPool) {
      throw new ModelLoadException(
          "%s pools by itself (%s): pack it without --raw.".formatted(onnx, output.name()));
    }
    return new Source(onnx, output, file.outputs().size() > 1);
  }

  /**
   * Writes a NEFF for each shape and {@code manifest.json}.
   *
   * @param model the model; pooled outputs of plain shapes need a graph that pools, or CLS pooling
   *     of all tokens and normalisation, which is what the emulator does; packed shapes need a
   *     float32 encoder of the BERT family that pools by cls or mean
   * @param shapes the shapes to pack
   * @param folder the target folder; created if missing
   * @return the manifest
   * @throws IllegalArgumentException if the outputs need another pooling, or the outputs of a
   *     packed shape are not pooled
   * @throws ModelLoadException if the emulator cannot compute the model's ONNX file
   * @throws IOException if reading or writing fails
   */
  public NeuronManifest pack(ModelDirectory model, List<Shape> shapes, Path folder)
      throws IOException {
    Optional<Shape> packed = shapes.stream().filter(Shape::isPacked).findFirst();
    if (packed.isPresent() && !pooled) {
      throw new IllegalArgumentException(
          "The packed shape %s has a vector for each text and none for its tokens: pack it without"
                  .formatted(packed.get())
              + " --raw.");
    }
    Source source = computed ? source(model.onnxFile(Precision.FP32), pooled) : null;
    boolean graphPools = source != null && source.output.pooled();
    boolean plain = !shapes.stream().allMatch(Shape::isPacked);
    if (pooled && plain && !graphPools && !poolsAsEmulator(model)) {
      throw new IllegalArgumentException(
          "%s pools by %s%s, and the emulator by cls, normalised: pack the vectors of its tokens,"
                  .formatted(
                      model.name(),
                      model.pooling(),
                      model.normalize() ? "" : " and does not normalise")
              + " which are pooled as the model states (--raw).");
    }
    if (source != null && source.output.pooled() && model.padsLeft()) {
      throw new ModelLoadException(
          "%s pools by itself, and the tokenizer of %s pads on the left (\"padding_side\" of"
                  .formatted(source.onnx, model)
              + " tokenizer_config.json): it may take a row's last token for the text's, where a"
              + " compiled shape has padding. Export the token vectors, or serve it with the ONNX"
              + " Runtime backend.");
    }
    int width = pooled ? model.dimension() : model.hiddenSize();
    if (source != null && source.output.width() != (graphPools ? width : model.hiddenSize())) {
      throw new ModelLoadException(
          "%s gives %s, and config.json states %s: the files are not of one model."
              .formatted(source.onnx, source.output, graphPools ? width : model.hiddenSize()));
    }
    Files.createDirectories(folder);
    Path onnx = source == null ? null : source.onnx;
    Path own = null;
    Path packedOnnx = null;
    try {
      if (source != null && source.others) {
        own = folder.resolve("%s.onnx.partial".formatted(UUID.randomUUID()));
        SingleOutputCopy.write(source.onnx, source.output.name(), own);
        onnx = own;
      }
      if (onnx != null && packed.isPresent()) {
        packedOnnx = folder.resolve("%s.onnx.partial".formatted(UUID.randomUUID()));
        PackedGraph.write(onnx, packedOnnx, model.pooling(), model.normalize());
      }
      return pack(model, shapes, folder, width, onnx, packedOnnx);
    } catch (UnsupportedGraphException e) {
      throw new ModelLoadException(
          "The shape %s cannot be packed of %s: %s Leave packed shapes out."
              .formatted(packed.orElseThrow(), model.onnxFile(Precision.FP32), e.getMessage()),
          e);
    } finally {
      for (Path partial : Stream.of(own, packedOnnx).filter(Objects::nonNull).toList()) {
        Files.deleteIfExists(partial);
      }
    }
  }

  private NeuronManifest pack(
      ModelDirectory model,
      List<Shape> shapes,
      Path folder,
      int width,
      @Nullable Path onnx,
      @Nullable Path packedOnnx)
      throws IOException {
    JsonArray entries = new JsonArray();
    for (Shape shape : shapes) {
      String name = "%s-%s.neff".formatted(model.name(), shape.toString().replace('×', 'x'));
      new EmulatedNeff(
              shape.batchSize(),
              shape.sequenceLength(),
              shape.textsPerRow(),
              wideIds,
              pooled,
              bfloat16,
              width,
              model.vocabularySize(),
              model.padTokenId())
          .write(folder.resolve(name), shape.isPacked() ? packedOnnx : onnx);
      entries.add(entry(name, shape, width));
    }
    JsonObject manifest = new JsonObject();
    manifest.addProperty("format", shapes.stream().anyMatch(Shape::isPacked) ? 2 : 1);
    manifest.addProperty("emulated", true);
    manifest.addProperty("model", model.name());
    manifest.add("models", entries);
    Path file = folder.resolve("manifest.json");
    Files.writeString(file, GSON.toJson(manifest) + "\n");
    return NeuronManifest.read(file);
  }

  /**
   * Makes a model directory with its own emulated models; its other files are links to those of the
   * model.
   *
   * @param model is not changed
   * @param shapes the shapes to pack
   * @param folder the target folder, empty or missing
   * @return the directory made
   * @throws IllegalArgumentException if the outputs need another pooling
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
    String ids = wideIds ? "int64" : "int32";
    JsonArray inputs = new JsonArray();
    inputs.add(input(EmulatedNeff.INPUT_IDS, "input_ids", ids));
    if (shape.isPacked()) {
      JsonObject packing = new JsonObject();
      packing.addProperty("texts", shape.textsPerRow());
      entry.add("packing", packing);
      inputs.add(input(EmulatedNeff.STARTS, "starts", "int32"));
    } else {
      inputs.add(input(EmulatedNeff.ATTENTION_MASK, MASK_ROLE, ids));
    }
    entry.add("inputs", inputs);
    JsonObject output = new JsonObject();
    output.addProperty("name", EmulatedNeff.OUTPUT);
    output.addProperty("kind", pooled ? "pooled" : "raw");
    output.addProperty("dtype", bfloat16 ? "bfloat16" : "float32");
    output.addProperty("hiddenSize", hiddenSize);
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
