package io.github.neuronembed.backend.neuron;

import static io.github.neuronembed.Vectors.cosine;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import io.github.neuronembed.BgeSmall;
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
import io.github.neuronembed.nrt.InputPath;
import io.github.neuronembed.nrt.NeuronRuntime;
import io.github.neuronembed.tokenizer.TextTokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
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
 * Runtime's vectors of the same texts.
 */
class EmulatedShapesTest {

  private static final List<Shape> SHAPES =
      List.of(
          new Shape(1, 32),
          new Shape(1, 128),
          new Shape(4, 128),
          new Shape(1, 256),
          new Shape(32, 256),
          new Shape(1, 512));

  /** So that the others run beside the one that takes as long as all of them. */
  private static final List<Shape> LARGEST_FIRST =
      SHAPES.stream().sorted(Comparator.comparingInt(Shape::tokens).reversed()).toList();

  private static final VectorReader READER = new VectorReader(PoolingStrategy.CLS, true);

  private static ModelDirectory model;

  /** The golden texts' tokens in ascending order of length, and ONNX Runtime's vectors of them. */
  private static List<int[]> tokens;

  private static List<float[]> expected;

  @BeforeAll
  static void embedWithOnnxRuntime() {
    model = ModelDirectory.open(BgeSmall.directory());
    List<GoldenText> texts = GoldenVectors.of("bge-small-en-v1.5").orElseThrow().texts();
    try (TextTokenizer tokenizer = TextTokenizer.open(model)) {
      tokens =
          texts.stream()
              .map(text -> tokenizer.encode(text.text(), text.type()))
              .sorted(Comparator.comparingInt(ids -> ids.length))
              .toList();
    }
    expected = new ArrayList<>();
    try (OnnxBackend onnx =
            OnnxBackend.open(
                model.onnxFile(Precision.FP32),
                model.padTokenId(),
                OnnxOptions.forModel(model.maxTokens(), Precision.FP32));
        ExecutionSlot slot =
            onnx.replicas().get(0).newSlot(onnx.shapes().get(onnx.shapes().size() - 1))) {
      tokens.forEach(ids -> expected.add(execute(slot, List.of(ids)).get(0)));
    }
  }

  @AfterEach
  void nothingIsLeft() {
    assertThat(NeuronRuntime.liveCounts()).isEqualTo(new NeuronRuntime.LiveCounts(0, 0, 0, 0, 0));
  }

  @ParameterizedTest(name = "pooled {0}, bfloat16 {1}")
  @CsvSource({"true, false", "true, true", "false, false", "false, true"})
  void everyShapeGivesTheVectorsOfOnnxRuntime(
      boolean pooled, boolean bfloat16, @TempDir Path folder) throws Exception {
    EmulatedModels kind = new EmulatedModels(pooled, bfloat16, false, true);
    ModelDirectory packed = kind.linked(model, SHAPES, folder);
    for (int cores : new int[] {1, 2, 12}) {
      try (InferenceBackend backend =
          EmulatedBackend.open(
              packed, SHAPES, kind, InputPath.WRITE_BATCH, cores, new JsonObject())) {
        assertThat(backend.replicas()).hasSize(cores);
        assertThat(backend.shapes()).containsExactlyInAnyOrderElementsOf(SHAPES);
        // Side by side, as cores are used.
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
          List<Future<?>> executions = new ArrayList<>();
          for (Shape shape : LARGEST_FIRST) {
            for (Replica replica : replicas(backend, shape)) {
              executions.add(threads.submit(() -> fillAndCompare(replica, shape)));
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
  }

  /** All of them, or one where an execution costs seconds. */
  private static List<Replica> replicas(InferenceBackend backend, Shape shape) {
    List<Replica> all = backend.replicas();
    return shape.tokens() <= 128 ? all : List.of(all.get((shape.tokens() / 256) % all.size()));
  }

  @ParameterizedTest
  @EnumSource(InputPath.class)
  void everyInputPathAndInt64IdsGiveTheSameVectors(InputPath path) {
    try (InferenceBackend backend =
            EmulatedBackend.open(
                model,
                List.of(new Shape(4, 128)),
                new EmulatedModels(true, false, true, true),
                path,
                1,
                new JsonObject());
        ExecutionSlot slot = backend.replicas().get(0).newSlot(new Shape(4, 128))) {
      fillAndCompare(slot);
    }
  }

  @Test
  void shortBatchesLeaveNothingInTheNextOne() {
    try (InferenceBackend backend =
            EmulatedBackend.open(
                model,
                List.of(new Shape(4, 128)),
                EmulatedModels.DEFAULT,
                InputPath.WRITE_BATCH,
                1,
                new JsonObject());
        ExecutionSlot slot = backend.replicas().get(0).newSlot(new Shape(4, 128))) {
      fillAndCompare(slot);
      assertThat(cosine(execute(slot, List.of(tokens.get(0))).get(0), expected.get(0)))
          .isGreaterThanOrEqualTo(0.99999);
    }
  }

  private static void fillAndCompare(Replica replica, Shape shape) {
    try (ExecutionSlot slot = replica.newSlot(shape)) {
      fillAndCompare(slot);
    }
  }

  /** Fills the slot with the longest texts that fit, and one short one among them. */
  private static void fillAndCompare(ExecutionSlot slot) {
    int fitting =
        (int) tokens.stream().filter(ids -> ids.length <= slot.shape().sequenceLength()).count();
    List<Integer> rows = new ArrayList<>();
    for (int row = 0; row < slot.shape().batchSize(); row++) {
      rows.add(row == 1 ? 0 : fitting - 1 - row % fitting);
    }
    List<float[]> vectors = execute(slot, rows.stream().map(tokens::get).toList());
    for (int row = 0; row < rows.size(); row++) {
      assertThat(cosine(vectors.get(row), expected.get(rows.get(row))))
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
