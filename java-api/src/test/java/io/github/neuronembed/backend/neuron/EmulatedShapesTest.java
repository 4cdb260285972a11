package io.github.neuronembed.backend.neuron;

import static io.github.neuronembed.Vectors.cosine;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import io.github.neuronembed.BgeSmall;
import io.github.neuronembed.NeedsNativeCore;
import io.github.neuronembed.backend.ExecutionSlot;
import io.github.neuronembed.backend.InferenceBackend;
import io.github.neuronembed.backend.Replica;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.onnx.OnnxBackend;
import io.github.neuronembed.backend.onnx.OnnxOptions;
import io.github.neuronembed.engine.VectorReader;
import io.github.neuronembed.golden.GoldenText;
import io.github.neuronembed.golden.GoldenVectors;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.PoolingStrategy;
import io.github.neuronembed.model.Precision;
import io.github.neuronembed.model.graph.BertShape;
import io.github.neuronembed.model.graph.RandomBertModel;
import io.github.neuronembed.nrt.InputPath;
import io.github.neuronembed.nrt.NeuronRuntime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every shape, output kind, element type and number of cores on the native path gives ONNX
 * Runtime's vectors of the same texts: all of them together with a small model, and each shape with
 * the real one.
 */
@NeedsNativeCore
class EmulatedShapesTest {

  private static final List<Shape> SHAPES =
      List.of(
          new Shape(1, 32),
          new Shape(1, 128),
          new Shape(4, 128),
          new Shape(1, 256),
          new Shape(32, 256),
          new Shape(1, 512));

  /** Those that the emulator is not proven with by the contract of embedders. */
  private static final List<Shape> REAL_SHAPES =
      List.of(new Shape(1, 32), new Shape(4, 128), new Shape(1, 256));

  private static final VectorReader READER = new VectorReader(PoolingStrategy.CLS, true);

  /** As deep as it takes for a text's vector to be its own; computes in no time. */
  private static final BertShape SMALL = new BertShape(4, 32, 4, 64, 30522, 512);

  /** The golden texts' tokens in ascending order of length. */
  private static List<int[]> tokens;

  /** A model of random weights, and the real one. */
  private static Reference small;

  private static Reference real;

  /** A model, and the texts' vectors. */
  private record Reference(ModelDirectory model, List<float[]> expected) {

    static Reference ofOnnxRuntime(ModelDirectory model) {
      List<float[]> expected = new ArrayList<>();
      try (OnnxBackend onnx =
              OnnxBackend.open(
                  model.onnxFile(Precision.FP32),
                  model.padTokenId(),
                  OnnxOptions.forModel(model.maxTokens(), Precision.FP32));
          ExecutionSlot slot =
              onnx.replicas().get(0).newSlot(onnx.shapes().get(onnx.shapes().size() - 1))) {
        tokens.forEach(ids -> expected.add(execute(slot, List.of(ids)).get(0)));
      }
      return new Reference(model, expected);
    }
  }

  @BeforeAll
  static void embedWithOnnxRuntime(@TempDir Path folder) throws IOException {
    ModelDirectory bge = ModelDirectory.open(BgeSmall.directory());
    List<GoldenText> texts =
        GoldenVectors.of("bge-small-en-v1.5").orElseThrow().texts().stream()
            .sorted(Comparator.comparingInt(text -> text.tokenIds().length))
            .toList();
    tokens = texts.stream().map(GoldenText::tokenIds).toList();
    real = new Reference(bge, texts.stream().map(GoldenText::vector).toList());
    BgeSmall.write(folder);
    Path config = folder.resolve("config.json");
    Files.writeString(
        config,
        Files.readString(config)
            .replace("\"hidden_size\": 384", "\"hidden_size\": " + SMALL.hiddenSize()));
    Files.createDirectories(folder.resolve("onnx"));
    RandomBertModel.write(folder.resolve("onnx/model.onnx"), SMALL, 3);
    small = Reference.ofOnnxRuntime(ModelDirectory.open(folder));
  }

  @AfterEach
  void nothingIsLeft() {
    assertThat(NeuronRuntime.liveCounts()).isEqualTo(new NeuronRuntime.LiveCounts(0, 0, 0, 0, 0));
  }

  /** Or else one text's vector could stand for another's. */
  @Test
  void theSmallModelTellsTextsApart() {
    List<float[]> vectors = small.expected();
    // The longest differ in their last token alone.
    for (int i = 0; i < tokens.size() && tokens.get(i).length < 511; i++) {
      for (int j = 0; j < i; j++) {
        if (!Arrays.equals(tokens.get(i), tokens.get(j))) {
          assertThat(cosine(vectors.get(i), vectors.get(j))).isLessThan(0.9999);
        }
      }
    }
  }

  @Test
  void everyShapeGivesTheRealModelsVectors(@TempDir Path folder) throws Exception {
    everyShape(real, EmulatedModels.DEFAULT, REAL_SHAPES, 1, folder);
  }

  @ParameterizedTest(name = "pooled {0}, bfloat16 {1}")
  @CsvSource({"true, false", "true, true", "false, false", "false, true"})
  void everyShapeGivesTheVectorsOfOnnxRuntime(
      boolean pooled, boolean bfloat16, @TempDir Path folder) throws Exception {
    EmulatedModels kind = new EmulatedModels(pooled, bfloat16, false, true);
    for (int cores : new int[] {1, 2, 12}) {
      everyShape(small, kind, SHAPES, cores, folder.resolve("cores" + cores));
    }
  }

  private static void everyShape(
      Reference reference, EmulatedModels kind, List<Shape> shapes, int cores, Path folder)
      throws Exception {
    try (InferenceBackend backend =
        EmulatedBackend.open(
            kind.linked(reference.model(), shapes, folder),
            shapes,
            kind,
            InputPath.WRITE_BATCH,
            cores,
            new JsonObject())) {
      assertThat(backend.replicas()).hasSize(cores);
      assertThat(backend.shapes()).containsExactlyInAnyOrderElementsOf(shapes);
      // Side by side, as cores are used.
      ExecutorService threads = Executors.newFixedThreadPool(2);
      List<Shape> largestFirst =
          shapes.stream().sorted(Comparator.comparingInt(Shape::tokens).reversed()).toList();
      try {
        List<Future<?>> executions = new ArrayList<>();
        for (Shape shape : largestFirst) {
          for (Replica replica : replicas(backend, shape)) {
            executions.add(threads.submit(() -> fillAndCompare(reference, replica, shape)));
          }
        }
        for (Future<?> execution : executions) {
          execution.get();
        }
      } finally {
        threads.shutdown();
        assertThat(threads.awaitTermination(2, TimeUnit.MINUTES)).isTrue();
      }
    }
  }

  /** All of them, or one where an execution takes long. */
  private static List<Replica> replicas(InferenceBackend backend, Shape shape) {
    List<Replica> all = backend.replicas();
    return shape.tokens() <= 128 ? all : List.of(all.get((shape.tokens() / 256) % all.size()));
  }

  @ParameterizedTest
  @EnumSource(InputPath.class)
  void everyInputPathAndInt64IdsGiveTheSameVectors(InputPath path) {
    try (InferenceBackend backend =
            EmulatedBackend.open(
                small.model(),
                List.of(new Shape(4, 128)),
                new EmulatedModels(true, false, true, true),
                path,
                1,
                new JsonObject());
        ExecutionSlot slot = backend.replicas().get(0).newSlot(new Shape(4, 128))) {
      fillAndCompare(small, slot);
    }
  }

  @Test
  void shortBatchesLeaveNothingInTheNextOne() {
    try (InferenceBackend backend =
            EmulatedBackend.open(
                small.model(),
                List.of(new Shape(4, 128)),
                EmulatedModels.DEFAULT,
                InputPath.WRITE_BATCH,
                1,
                new JsonObject());
        ExecutionSlot slot = backend.replicas().get(0).newSlot(new Shape(4, 128))) {
      fillAndCompare(small, slot);
      assertThat(cosine(execute(slot, List.of(tokens.get(0))).get(0), small.expected().get(0)))
          .isGreaterThanOrEqualTo(0.99999);
    }
  }

  private static void fillAndCompare(Reference reference, Replica replica, Shape shape) {
    try (ExecutionSlot slot = replica.newSlot(shape)) {
      fillAndCompare(reference, slot);
    }
  }

  /** Fills the slot with the longest texts that fit, and one short one among them. */
  private static void fillAndCompare(Reference reference, ExecutionSlot slot) {
    int fitting =
        (int) tokens.stream().filter(ids -> ids.length <= slot.shape().sequenceLength()).count();
    List<Integer> rows = new ArrayList<>();
    for (int row = 0; row < slot.shape().batchSize(); row++) {
      rows.add(row == 1 ? 0 : fitting - 1 - row % fitting);
    }
    List<float[]> vectors = execute(slot, rows.stream().map(tokens::get).toList());
    for (int row = 0; row < rows.size(); row++) {
      assertThat(cosine(vectors.get(row), reference.expected().get(rows.get(row))))
          .as("%s, row %d", slot.shape(), row)
          .isGreaterThanOrEqualTo(0.99999);
    }
  }

  private static List<float[]> execute(ExecutionSlot slot, List<int[]> rows) {
    slot.tokens().begin(rows.size(), rows.stream().mapToInt(ids -> ids.length).max().orElseThrow());
    rows.forEach(slot.tokens()::row);
    slot.tokens().finish();
    slot.execute();
    List<float[]> vectors = new ArrayList<>();
    for (int row = 0; row < rows.size(); row++) {
      vectors.add(READER.read(slot.tokens(), slot.output(), row));
    }
    return vectors;
  }
}
