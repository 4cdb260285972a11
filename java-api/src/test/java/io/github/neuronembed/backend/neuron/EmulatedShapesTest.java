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
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

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
                OnnxOptions.forModel(model.maxTokens(), Precision.FP32).withSessions(1));
        ExecutionSlot slot =
            onnx.replicas().get(0).newSlot(onnx.shapes().get(onnx.shapes().size() - 1))) {
      tokens.forEach(ids -> expected.add(execute(slot, List.of(ids)).get(0)));
    }
  }

  @AfterEach
  void nothingIsLeft() {
    assertThat(NeuronRuntime.liveCounts()).isEqualTo(new NeuronRuntime.LiveCounts(0, 0, 0, 0, 0));
  }

  static Stream<Arguments> kindsAndCores() {
    List<Arguments> all = new ArrayList<>();
    for (boolean pooled : new boolean[] {true, false}) {
      for (boolean bfloat16 : new boolean[] {false, true}) {
        for (int cores : new int[] {1, 2, 12}) {
          all.add(Arguments.of(pooled, bfloat16, cores));
        }
      }
    }
    return all.stream();
  }

  @ParameterizedTest(name = "pooled {0}, bfloat16 {1}, {2} cores")
  @MethodSource("kindsAndCores")
  void everyShapeGivesTheVectorsOfOnnxRuntime(boolean pooled, boolean bfloat16, int cores) {
    try (InferenceBackend backend =
        EmulatedBackend.open(
            model,
            SHAPES,
            new EmulatedModels(pooled, bfloat16, false, true),
            InputPath.WRITE_BATCH,
            cores,
            new JsonObject())) {
      assertThat(backend.replicas()).hasSize(cores);
      assertThat(backend.shapes()).containsExactlyInAnyOrderElementsOf(SHAPES);
      for (Shape shape : SHAPES) {
        // Large shapes cost seconds: they tell the kinds apart on two cores, the cores by one kind,
        // and run on one core of all.
        if (shape.tokens() > 512 && cores != 2 && !(pooled && !bfloat16)) {
          continue;
        }
        List<Replica> replicas =
            shape.tokens() <= 128
                ? backend.replicas()
                : List.of(backend.replicas().get((shape.tokens() / 256) % cores));
        for (Replica replica : replicas) {
          try (ExecutionSlot slot = replica.newSlot(shape)) {
            fillAndCompare(slot);
          }
        }
      }
    }
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
