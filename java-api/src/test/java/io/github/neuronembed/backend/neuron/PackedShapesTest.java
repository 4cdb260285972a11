package io.github.neuronembed.backend.neuron;

import static io.github.neuronembed.Vectors.cosine;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.gson.JsonObject;
import com.sun.management.ThreadMXBean;
import io.github.neuronembed.BgeSmall;
import io.github.neuronembed.InputType;
import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.NeedsNativeCore;
import io.github.neuronembed.TextEmbedder;
import io.github.neuronembed.backend.ExecutionSlot;
import io.github.neuronembed.backend.FirstFit;
import io.github.neuronembed.backend.InferenceBackend;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.engine.VectorReader;
import io.github.neuronembed.golden.GoldenText;
import io.github.neuronembed.golden.GoldenVectors;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.ModelFolder;
import io.github.neuronembed.model.NeuronManifest;
import io.github.neuronembed.model.PoolingStrategy;
import io.github.neuronembed.model.graph.BertShape;
import io.github.neuronembed.model.graph.RandomBertModel;
import io.github.neuronembed.model.graph.TinyGraphs;
import io.github.neuronembed.nrt.InputPath;
import io.github.neuronembed.nrt.NeuronRuntime;
import io.github.neuronembed.nrt.NrtEmulator;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Texts that share a row have the vectors that they have alone, on the native path. */
@NeedsNativeCore
class PackedShapesTest {

  private static final Shape ALONE = new Shape(1, 64);
  private static final Shape SHORT = new Shape(1, 16, 4);
  private static final Shape LONG = new Shape(1, 64, 8);
  private static final Shape MANY = new Shape(1, 64, 32);
  private static final Shape ROWS = new Shape(3, 48, 6);
  private static final List<Shape> PACKED = List.of(SHORT, LONG, MANY, ROWS);
  private static final int TEXTS = 1000;

  private static final VectorReader READER = new VectorReader(PoolingStrategy.CLS, true);

  @TempDir private static Path temp;
  private static ModelDirectory tiny;

  /** Random ones, of 1 to 64 tokens, most of them short. */
  private static List<int[]> texts;

  @BeforeAll
  static void prepare() throws Exception {
    NrtEmulator.open();
    ModelFolder folder = ModelFolder.complete(temp.resolve("tiny"));
    Files.createDirectories(folder.path("onnx"));
    RandomBertModel.write(
        folder.path("onnx/model.onnx"), new BertShape(2, 8, 2, 12, ModelFolder.VOCABULARY, 64), 5);
    tiny = folder.open();
    Random random = new Random(6);
    texts =
        IntStream.range(0, TEXTS)
            .mapToObj(
                i ->
                    random
                        .ints(i < 8 ? i + 1 : 2 + random.nextInt(1 + random.nextInt(63)), 0, 104)
                        .toArray())
            .toList();
  }

  @AfterEach
  void nothingIsLeft() {
    assertThat(NeuronRuntime.liveCounts()).isEqualTo(new NeuronRuntime.LiveCounts(0, 0, 0, 0, 0));
  }

  private static InferenceBackend open(EmulatedModels kind, Shape... shapes) {
    return EmulatedBackend.open(
        tiny, List.of(shapes), kind, InputPath.WRITE_BATCH, 1, new JsonObject());
  }

  private static InferenceBackend openAll(EmulatedModels kind) {
    return open(kind, Stream.concat(Stream.of(ALONE), PACKED.stream()).toArray(Shape[]::new));
  }

  private static ExecutionSlot slot(InferenceBackend backend, Shape shape) {
    return backend.replicas().get(0).newSlot(shape);
  }

  private static List<float[]> execute(ExecutionSlot slot, List<int[]> texts) {
    write(slot, texts);
    slot.execute();
    return IntStream.range(0, texts.size())
        .mapToObj(text -> READER.read(slot.tokens(), slot.output(), text))
        .toList();
  }

  private static void write(ExecutionSlot slot, List<int[]> texts) {
    slot.tokens().begin(texts.size(), slot.shape().sequenceLength());
    texts.forEach(slot.tokens()::row);
    slot.tokens().finish();
  }

  private static List<float[]> alone(InferenceBackend backend, List<int[]> texts) {
    try (ExecutionSlot slot = slot(backend, ALONE)) {
      return texts.stream().map(text -> execute(slot, List.of(text)).get(0)).toList();
    }
  }

  /** The texts of one execution, as their places in a list: those from a place on that fit. */
  private static List<List<Integer>> executions(
      Shape shape, List<int[]> texts, List<Integer> order) {
    List<List<Integer>> executions = new ArrayList<>();
    FirstFit fit = new FirstFit(shape);
    List<Integer> execution = new ArrayList<>();
    for (int text : order) {
      int length = texts.get(text).length;
      if (length > shape.sequenceLength()) {
        continue;
      }
      if (!fit.place(length)) {
        executions.add(execution);
        execution = new ArrayList<>();
        fit.clear();
        fit.place(length);
      }
      execution.add(text);
    }
    executions.add(execution);
    return executions;
  }

  private interface Comparison {
    void compare(float[] vector, float[] alone);
  }

  private static void expectSame(float[] vector, float[] alone) {
    assertThat(cosine(vector, alone)).isGreaterThanOrEqualTo(0.99999);
  }

  /** All texts in two companies, in all shapes, in slots that are used again. */
  private static void everyCompany(EmulatedModels kind, Comparison comparison) {
    try (InferenceBackend backend = openAll(kind)) {
      assertThat(backend.shapes()).containsAll(PACKED);
      List<float[]> alone = alone(backend, texts);
      List<Integer> order = new ArrayList<>(IntStream.range(0, TEXTS).boxed().toList());
      for (Shape shape : PACKED) {
        try (ExecutionSlot slot = slot(backend, shape)) {
          for (int seed = 0; seed < 2; seed++) {
            Collections.shuffle(order, new Random(seed));
            for (List<Integer> execution : executions(shape, texts, order)) {
              List<float[]> vectors = execute(slot, execution.stream().map(texts::get).toList());
              for (int i = 0; i < execution.size(); i++) {
                comparison.compare(vectors.get(i), alone.get(execution.get(i)));
              }
            }
          }
        }
      }
    }
  }

  @Test
  void aThousandTextsHaveTheirVectorsInEveryCompanyAndShape() {
    everyCompany(EmulatedModels.DEFAULT, PackedShapesTest::expectSame);
  }

  @Test
  void aThousandTextsHaveTheirHashesInEveryCompanyAndShape() {
    everyCompany(EmulatedModels.HASHED, (hash, alone) -> assertThat(hash).containsExactly(alone));
  }

  @Test
  void bfloat16VectorsAndWideIdsArePackedToo() {
    everyCompany(
        new EmulatedModels(true, true, true, true),
        (vector, alone) -> assertThat(cosine(vector, alone)).isGreaterThanOrEqualTo(0.9999));
  }

  private static int[] text(int length, int seed) {
    return new Random(seed).ints(length, 1, ModelFolder.VOCABULARY).toArray();
  }

  @Test
  void neighboursAreOfNoAccount() {
    List<int[]> company = List.of(text(9, 1), text(3, 2), text(20, 3), text(7, 4), text(12, 5));
    try (InferenceBackend backend = open(EmulatedModels.DEFAULT, ALONE, LONG);
        ExecutionSlot slot = slot(backend, LONG)) {
      List<float[]> alone = alone(backend, company);
      List<Integer> order = new ArrayList<>(List.of(0, 1, 2, 3, 4));
      for (int permutation = 0; permutation < 20; permutation++) {
        Collections.shuffle(order, new Random(permutation));
        List<float[]> vectors = execute(slot, order.stream().map(company::get).toList());
        for (int i = 0; i < order.size(); i++) {
          expectSame(vectors.get(i), alone.get(order.get(i)));
        }
      }
      for (int one = 0; one < company.size(); one++) {
        List<int[]> changed = new ArrayList<>(company);
        changed.set(one, text(company.get(one).length, 99));
        List<float[]> replaced = execute(slot, changed);
        changed.remove(one);
        List<float[]> removed = execute(slot, changed);
        for (int i = 0; i < company.size(); i++) {
          if (i != one) {
            expectSame(replaced.get(i), alone.get(i));
            expectSame(removed.get(i < one ? i : i - 1), alone.get(i));
          }
        }
        assertThat(cosine(replaced.get(one), alone.get(one))).isLessThan(0.999);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(InputPath.class)
  void fullRowsOfAnyInputPath(InputPath path) {
    List<List<int[]>> full =
        List.of(
            IntStream.range(0, 8).mapToObj(i -> text(8, i)).toList(), // all texts, all tokens
            List.of(text(64, 1)), // all tokens
            IntStream.range(0, 8).mapToObj(i -> text(1, i)).toList(), // all texts
            List.of(text(60, 2), text(4, 3)), // an exact fit
            List.of(text(2, 4))); // behind what was there before
    try (InferenceBackend backend =
            EmulatedBackend.open(
                tiny, List.of(ALONE, LONG), EmulatedModels.DEFAULT, path, 1, new JsonObject());
        ExecutionSlot slot = slot(backend, LONG)) {
      for (List<int[]> company : full) {
        List<float[]> alone = alone(backend, company);
        List<float[]> vectors = execute(slot, company);
        for (int i = 0; i < company.size(); i++) {
          expectSame(vectors.get(i), alone.get(i));
        }
      }
    }
  }

  /** What is read ends with the last text's vector; behind it is what was there. */
  @Test
  void onlyVectorsInUseAreRead() {
    NrtEmulator emulator = NrtEmulator.open();
    long vector = 8L * Float.BYTES;
    try (InferenceBackend backend = open(EmulatedModels.HASHED, ALONE, new Shape(4, 64), ROWS);
        ExecutionSlot packed = slot(backend, ROWS);
        ExecutionSlot plain = slot(backend, new Shape(4, 64))) {
      write(packed, List.of(text(40, 1), text(8, 2), text(30, 3)));
      long before = emulator.core(0).bytesRead();
      packed.execute();
      assertThat(emulator.core(0).bytesRead() - before).isEqualTo((6 + 1) * vector);
      write(packed, List.of(text(3, 1)));
      before = emulator.core(0).bytesRead();
      packed.execute();
      assertThat(emulator.core(0).bytesRead() - before).isEqualTo(vector);
      write(plain, List.of(text(3, 1), text(3, 1)));
      before = emulator.core(0).bytesRead();
      plain.execute();
      assertThat(emulator.core(0).bytesRead() - before).isEqualTo(2 * vector);
    }
  }

  @Test
  void anExecutionAllocatesNothing() {
    List<int[]> company = List.of(text(9, 1), text(3, 2), text(20, 3));
    try (InferenceBackend backend = open(EmulatedModels.HASHED, LONG);
        ExecutionSlot slot = slot(backend, LONG)) {
      ThreadMXBean memory = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      for (int i = 0; i < 200; i++) {
        fill(slot, company);
        slot.execute();
      }
      long before = memory.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < 1000; i++) {
        fill(slot, company);
        slot.execute();
      }
      long bytes = memory.getCurrentThreadAllocatedBytes() - before;

      // The bean's own answers allocate a little.
      assertThat(bytes).isLessThan(1000);
    }
  }

  /** As {@link #write}, without what allocates. */
  private static void fill(ExecutionSlot slot, List<int[]> texts) {
    slot.tokens().begin(texts.size(), slot.shape().sequenceLength());
    for (int i = 0; i < texts.size(); i++) {
      slot.tokens().row(texts.get(i));
    }
    slot.tokens().finish();
  }

  /** The real model, in rows that the engine fills. */
  @Test
  void everyGoldenTextHasItsVectorFromTheEngine() {
    ModelDirectory model = ModelDirectory.open(BgeSmall.directory());
    List<GoldenText> golden = GoldenVectors.of("bge-small-en-v1.5").orElseThrow().texts();
    try (TextEmbedder embedder =
        TextEmbedder.builder()
            .model(model)
            .backend(
                EmulatedBackend.open(
                    model,
                    List.of(new Shape(1, 64, 8), new Shape(1, 512, 64)),
                    EmulatedModels.DEFAULT,
                    InputPath.WRITE_BATCH,
                    2,
                    new JsonObject()))
            .build()) {
      for (InputType type : InputType.values()) {
        List<GoldenText> texts = golden.stream().filter(text -> text.type() == type).toList();
        List<float[]> vectors = embedder.embed(texts.stream().map(GoldenText::text).toList(), type);
        for (int i = 0; i < texts.size(); i++) {
          assertThat(cosine(vectors.get(i), texts.get(i).vector()))
              .as(texts.get(i).id())
              .isGreaterThanOrEqualTo(0.99999);
        }
      }
    }
  }

  @Test
  void theManifestSaysWhatIsPacked(@TempDir Path folder) throws Exception {
    NeuronManifest manifest =
        EmulatedModels.DEFAULT.pack(tiny, List.of(ALONE, LONG), folder.resolve("out"));

    assertThat(manifest.models())
        .extracting(NeuronManifest.CompiledModel::shape)
        .containsExactly("1x64", "1x64p8");
    assertThat(Files.readString(manifest.file())).contains("\"format\": 2", "\"texts\": 8");
    assertThat(folder.resolve("out/%s-1x64p8.neff".formatted(tiny.name()))).exists();
    EmulatedModels.DEFAULT.pack(tiny, List.of(ALONE), folder.resolve("out"));
    assertThat(Files.readString(manifest.file())).contains("\"format\": 1");
    try (Stream<Path> files = Files.list(folder.resolve("out"))) {
      assertThat(files).noneMatch(file -> file.toString().endsWith(".partial"));
    }
  }

  @Test
  void meanPoolingIsPackedWhereTheEmulatorDoesNotPoolSo(@TempDir Path folder) throws Exception {
    ModelFolder mean = ModelFolder.complete(folder.resolve("mean"));
    Files.createDirectories(mean.path("onnx"));
    Files.copy(tiny.folder().resolve("onnx/model.onnx"), mean.path("onnx/model.onnx"));
    mean.write("1_Pooling/config.json", "{\"pooling_mode\": \"mean\"}");
    VectorReader reader = new VectorReader(PoolingStrategy.MEAN, true);
    List<int[]> company = List.of(text(9, 1), text(3, 2), text(20, 3));
    List<float[]> alone = new ArrayList<>();
    try (InferenceBackend backend =
            EmulatedBackend.open(
                mean.open(),
                List.of(ALONE),
                new EmulatedModels(false, false, false, true),
                InputPath.WRITE_BATCH,
                1,
                new JsonObject());
        ExecutionSlot slot = slot(backend, ALONE)) {
      for (int[] text : company) {
        write(slot, List.of(text));
        slot.execute();
        alone.add(reader.read(slot.tokens(), slot.output(), 0));
      }
    }
    try (InferenceBackend backend =
            EmulatedBackend.open(
                mean.open(),
                List.of(LONG),
                EmulatedModels.DEFAULT,
                InputPath.WRITE_BATCH,
                1,
                new JsonObject());
        ExecutionSlot slot = slot(backend, LONG)) {
      List<float[]> vectors = execute(slot, company);
      for (int i = 0; i < company.size(); i++) {
        expectSame(vectors.get(i), alone.get(i));
      }
    }
  }

  @Test
  void whatCannotBePackedIsRefusedByItsShape(@TempDir Path folder) throws Exception {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> new EmulatedModels(false, false, false, true).pack(tiny, List.of(LONG), folder))
        .withMessageContainingAll("1×64p8", "--raw");
    ModelFolder pooling = ModelFolder.complete(folder.resolve("pooling"));
    pooling.write(
        "onnx/model.onnx",
        new TinyGraphs(folder).of(List.of(TinyGraphs.Output.SENTENCE_EMBEDDING), true, true));
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(
            () -> EmulatedModels.DEFAULT.pack(pooling.open(), List.of(LONG), folder.resolve("out")))
        .withMessageContainingAll("1×64p8", pooling.path("onnx/model.onnx").toString());
  }
}
