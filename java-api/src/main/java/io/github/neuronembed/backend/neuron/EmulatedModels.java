package io.github.neuronembed.backend.neuron;

import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.model.CrossEncoderDirectory;
import io.github.neuronembed.model.EmbeddingOutput;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.NeuronManifest;
import io.github.neuronembed.model.OnnxInterface;
import io.github.neuronembed.model.PoolingStrategy;
import io.github.neuronembed.model.Precision;
import io.github.neuronembed.model.SingleOutputCopy;
import io.github.neuronembed.model.TransformerDirectory;
import io.github.neuronembed.model.graph.PackedGraph;
import io.github.neuronembed.model.graph.UnsupportedGraphException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

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
  private static final String TYPES_ROLE = "token_type_ids";

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
    OnnxInterface file = computable(onnx);
    EmbeddingOutput output = EmbeddingOutput.of(onnx, file.outputs());
    if (output.pooled() && !mayPool) {
      throw new ModelLoadException(
          "%s pools by itself (%s): pack it without --raw.".formatted(onnx, output.name()));
    }
    return new Source(onnx, output, file.outputs().size() > 1);
  }

  /**
   * Checks that the emulator can compute a file, whatever it gives.
   *
   * @throws ModelLoadException if it cannot
   */
  private static OnnxInterface computable(Path onnx) {
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
    return file;
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
      return new EmulatedNeffs(
              model.name(),
              width,
              model.vocabularySize(),
              model.padTokenId(),
              pooled,
              bfloat16,
              false,
              wideIds)
          .write(shapes, folder, onnx, packedOnnx);
    } catch (UnsupportedGraphException e) {
      throw cannotPack(packed.orElseThrow(), model.onnxFile(Precision.FP32), e);
    } finally {
      for (Path partial : Stream.of(own, packedOnnx).filter(Objects::nonNull).toList()) {
        Files.deleteIfExists(partial);
      }
    }
  }

  /**
   * Writes NEFFs of a cross-encoder and {@code manifest.json}: each gives one number, the score of
   * a pair, float32.
   *
   * @param shapes what to pack; packed shapes need a float32 model of the BERT family that takes no
   *     token types
   * @param folder where; made if it is not there
   * @return the manifest
   * @throws ModelLoadException if the emulator cannot compute the model's ONNX file
   * @throws IOException if reading or writing fails
   */
  public static NeuronManifest packScores(
      CrossEncoderDirectory model, List<Shape> shapes, Path folder) throws IOException {
    TransformerDirectory transformer = model.transformer();
    Path onnx = transformer.onnxFile(Precision.FP32);
    OnnxInterface file = computable(onnx);
    EmbeddingOutput output = EmbeddingOutput.score(onnx, file.outputs());
    if (file.outputs().size() > 1 || file.outputs().get(0).shape().size() != 2) {
      throw new ModelLoadException(
          "%s gives %s outputs, %s among them; the emulator computes cross-encoders whose only output is [batch, 1]: export it so, or serve it with the ONNX Runtime backend."
              .formatted(onnx, file.outputs().size(), output.name()));
    }
    Files.createDirectories(folder);
    Optional<Shape> packed = shapes.stream().filter(Shape::isPacked).findFirst();
    Path packedOnnx = folder.resolve("%s.onnx.partial".formatted(UUID.randomUUID()));
    try {
      if (packed.isPresent()) {
        PackedGraph.writeScores(onnx, packedOnnx);
      }
      return new EmulatedNeffs(
              model.name(),
              output.width(),
              transformer.vocabularySize(),
              transformer.padTokenId(),
              true,
              false,
              file.inputs().stream().anyMatch(input -> input.name().equals(TYPES_ROLE)),
              false)
          .write(shapes, folder, onnx, packedOnnx);
    } catch (UnsupportedGraphException e) {
      throw cannotPack(packed.orElseThrow(), onnx, e);
    } finally {
      Files.deleteIfExists(packedOnnx);
    }
  }

  private static ModelLoadException cannotPack(
      Shape shape, Path onnx, UnsupportedGraphException cause) {
    return new ModelLoadException(
        "The shape %s cannot be packed of %s: %s Leave packed shapes out."
            .formatted(shape, onnx, cause.getMessage()),
        cause);
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
}
