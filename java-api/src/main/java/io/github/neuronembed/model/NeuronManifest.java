package io.github.neuronembed.model;

import io.github.neuronembed.ModelLoadException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * The content of {@code neuron/manifest.json}, which describes the compiled models in its folder,
 * see {@code docs/manifest.md}. libnrt reports a tensor's name and size, but not its meaning.
 *
 * @param file the manifest
 * @param emulated whether the models are for the emulator, not for a device
 * @param models the compiled models
 */
public record NeuronManifest(Path file, boolean emulated, List<CompiledModel> models) {

  private static final int FORMAT = 1;

  /**
   * The format of a manifest with a packed model, so that a loader without support for packed
   * models rejects it.
   */
  private static final int PACKED_FORMAT = 2;

  private static final int MAX_BYTES = 1 << 20;

  /**
   * One NEFF.
   *
   * @param neff the file; it exists
   * @param batchSize rows of an execution
   * @param sequenceLength tokens of a row
   * @param textsPerRow the maximum number of texts per row; 1 if it is not packed
   * @param inputIds name of the tensor of token ids
   * @param attentionMask name of the tensor of the mask; empty if it is packed
   * @param tokenTypeIds name of the tensor of token types; empty if they are constant
   * @param starts name of the tensor with the starts of the texts of a row; empty if it is not
   *     packed
   * @param output name of the tensor of vectors
   * @param pooled whether the output has one finished vector per text
   * @param hiddenSize elements of a vector
   */
  public record CompiledModel(
      Path neff,
      int batchSize,
      int sequenceLength,
      int textsPerRow,
      String inputIds,
      String attentionMask,
      String tokenTypeIds,
      String starts,
      String output,
      boolean pooled,
      int hiddenSize) {

    /** Whether a row holds several texts. */
    public boolean isPacked() {
      return textsPerRow > 1;
    }

    /** As in the option of the compiler program: {@code 4x128}, or {@code 1x512p64}. */
    public String shape() {
      return "%sx%s%s".formatted(batchSize, sequenceLength, isPacked() ? "p" + textsPerRow : "");
    }
  }

  /**
   * Reads the manifest of a model directory.
   *
   * @throws ModelLoadException as {@link #read}, or if the pooling of its models differs from that
   *     of the directory
   */
  public static NeuronManifest of(ModelDirectory model) {
    JsonValue json = json(model.neuronManifestFile());
    NeuronManifest manifest = of(json);
    if (manifest.models.stream().anyMatch(CompiledModel::pooled)) {
      json.get("source").ifPresent(source -> requireSamePooling(source, model));
    }
    return manifest;
  }

  /**
   * Reads the manifest of a cross-encoder's directory.
   *
   * @throws ModelLoadException as {@link #read}, or if its models do not give scores, or do not
   *     take the token types that the model needs to distinguish the two sides of a pair
   */
  public static NeuronManifest of(CrossEncoderDirectory model) {
    NeuronManifest manifest = read(model.neuronManifestFile());
    for (CompiledModel compiled : manifest.models) {
      if (!compiled.pooled() || compiled.hiddenSize() != 1) {
        throw new ModelLoadException(
            "%s of %s gives vectors, and a cross-encoder gives one number, the score of a pair: compile it again."
                .formatted(compiled.neff(), manifest.file));
      }
      if (model.transformer().tokenTypes() > 1 && compiled.tokenTypeIds().isEmpty()) {
        throw new ModelLoadException(
            "%s of %s takes no token types, but %s needs them to distinguish the two sides of a pair: compile it again, in a shape that is not packed."
                .formatted(compiled.neff(), manifest.file, model.name()));
      }
    }
    return manifest;
  }

  /** Checks the pooling that the compiler program put into the graphs. */
  private static void requireSamePooling(JsonValue source, ModelDirectory model) {
    source
        .get("pooling")
        .map(JsonValue::string)
        .filter(compiled -> !compiled.equals(model.pooling().toString()))
        .ifPresent(
            compiled -> {
              throw otherwise(source, "pool by " + compiled, "by " + model.pooling());
            });
    // Vectors that a graph did not normalise can still be normalised here; the reverse is not
    // possible.
    if (source.get("normalize").map(JsonValue::bool).orElse(false) && !model.normalize()) {
      throw otherwise(source, "scale vectors to length 1", "not");
    }
  }

  private static ModelLoadException otherwise(JsonValue source, String compiled, String stated) {
    return new ModelLoadException(
        ("The models of %s %s (\"source\"), but the model directory states that they"
                + " do %s: compile them again, or state in %s what they were compiled with.")
            .formatted(source.file(), compiled, stated, ModelOverrides.FILE));
  }

  /**
   * Reads a manifest.
   *
   * @throws ModelLoadException if it is missing, damaged, names a missing file, has two models of
   *     one shape, or a model without an attention mask: a shape is fixed, so its padding would
   *     count
   */
  public static NeuronManifest read(Path file) {
    return of(json(file));
  }

  private static JsonValue json(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new ModelLoadException(
          "%s is missing: compile the model for NeuronCores (native/neff/compile_neff.py), or use the ONNX Runtime backend."
              .formatted(file));
    }
    return JsonValue.read(file, MAX_BYTES);
  }

  private static NeuronManifest of(JsonValue json) {
    Path file = json.file();
    int format = json.require("format").natural();
    if (format != FORMAT && format != PACKED_FORMAT) {
      throw json.require("format")
          .wrong("%s or %s, the formats this version reads".formatted(FORMAT, PACKED_FORMAT));
    }
    List<CompiledModel> models = new ArrayList<>();
    Set<String> shapes = new HashSet<>();
    for (JsonValue model : json.require("models").elements()) {
      CompiledModel compiled = model(file, model);
      if (compiled.isPacked() && format != PACKED_FORMAT) {
        throw json.require("format")
            .wrong("%s, the format of a manifest with packed models".formatted(PACKED_FORMAT));
      }
      if (!shapes.add(compiled.shape())) {
        throw new ModelLoadException(
            "%s has two models of the shape %s: remove one of them."
                .formatted(file, compiled.shape()));
      }
      models.add(compiled);
    }
    if (models.isEmpty()) {
      throw json.require("models").wrong("a list with at least one model");
    }
    return new NeuronManifest(
        file, json.get("emulated").map(JsonValue::bool).orElse(false), List.copyOf(models));
  }

  private static CompiledModel model(Path manifest, JsonValue json) {
    JsonValue fileName = json.require("file");
    Path folder = Objects.requireNonNull(manifest.toAbsolutePath().normalize().getParent());
    Path neff = folder.resolve(fileName.string()).normalize();
    if (!neff.startsWith(folder)) {
      throw fileName.wrong("a file below the manifest's folder");
    }
    if (!Files.isRegularFile(neff)) {
      throw new ModelLoadException(
          "%s names %s, which is missing: compile it again, or remove it."
              .formatted(manifest, neff));
    }
    String inputIds = "";
    String attentionMask = "";
    String tokenTypeIds = "";
    String starts = "";
    for (JsonValue input : json.require("inputs").elements()) {
      String name = input.require("name").string();
      JsonValue role = input.require("role");
      switch (role.string()) {
        case "input_ids" -> inputIds = name;
        case "attention_mask" -> attentionMask = name;
        case "token_type_ids" -> tokenTypeIds = name;
        case "starts" -> starts = name;
        default -> throw role.wrong("input_ids, attention_mask, token_type_ids or starts");
      }
    }
    if (inputIds.isEmpty()) {
      throw json.require("inputs").wrong("a list with an input of role input_ids");
    }
    JsonValue output = json.require("output");
    JsonValue kind = output.require("kind");
    boolean pooled =
        switch (kind.string()) {
          case "pooled" -> true;
          case "raw" -> false;
          default -> throw kind.wrong("pooled or raw");
        };
    int sequenceLength = json.require("sequenceLength").positive();
    int textsPerRow = 1;
    Optional<JsonValue> packing = json.get("packing");
    if (packing.isPresent()) {
      JsonValue texts = packing.get().require("texts");
      textsPerRow = texts.natural();
      if (textsPerRow < 2 || textsPerRow > sequenceLength) {
        throw texts.wrong(
            "a number of texts from 2 to the %s tokens of a row".formatted(sequenceLength));
      }
      if (!pooled) {
        throw kind.wrong("pooled, as the output of a packed model is");
      }
    }
    boolean masked = !attentionMask.isEmpty() || !tokenTypeIds.isEmpty();
    if (packing.isPresent() ? starts.isEmpty() || masked : !starts.isEmpty()) {
      throw json.require("inputs")
          .wrong(
              "a list with input_ids and starts of a model with packing, and without starts of"
                  + " another");
    }
    if (packing.isEmpty() && attentionMask.isEmpty()) {
      throw new ModelLoadException(
          "%s names no input of %s with the role attention_mask, without which the padding of a compiled shape counts: compile the model with one."
              .formatted(manifest, fileName.string()));
    }
    return new CompiledModel(
        neff,
        json.require("batch").positive(),
        sequenceLength,
        textsPerRow,
        inputIds,
        attentionMask,
        tokenTypeIds,
        starts,
        output.require("name").string(),
        pooled,
        output.require("hiddenSize").positive());
  }
}
