package io.github.neuronembed.backend.neuron;

import static io.github.neuronembed.Vectors.dot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.neuronembed.BackendUnavailableException;
import io.github.neuronembed.BgeSmall;
import io.github.neuronembed.DeviceFailureException;
import io.github.neuronembed.InferenceException;
import io.github.neuronembed.InputType;
import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.NeedsNativeCore;
import io.github.neuronembed.TextEmbedder;
import io.github.neuronembed.backend.ExecutionSlot;
import io.github.neuronembed.backend.InferenceBackend;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.engine.EngineHealth;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.nrt.InputPath;
import io.github.neuronembed.nrt.NeuronRuntime;
import io.github.neuronembed.nrt.NrtEmulator;
import io.github.neuronembed.nrt.NrtStatus;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every status of libnrt, and an unknown one, at every call: the right exception is thrown, no
 * resource is held afterwards, and the other core continues to serve.
 */
@NeedsNativeCore
class EmulatedFaultsTest {

  private static final Shape SHAPE = new Shape(2, 16);
  private static final int UNKNOWN_STATUS = 4711;

  /** An execution takes a millisecond, so that one core alone cannot do all the work. */
  private static final String SLOW = "{\"timing\": {\"fallback\": {\"baseMicros\": 1000}}}";

  /** The table of statuses after which libnrt's documentation gives a core up. */
  private static final Set<Integer> CORE_IS_LOST = Set.of(5, 6, 101, 1004, 1201, 1202, 1203, 1205);

  /** Those that may pass by themselves, and those without a meaning of their own. */
  private static final Set<Integer> RETRYABLE = Set.of(1, 7, 15, 1005, 1100, UNKNOWN_STATUS);

  private static final ModelDirectory MODEL = ModelDirectory.open(BgeSmall.directory());

  @AfterEach
  void nothingIsLeft() {
    NrtEmulator.open().setFaults("[]");
    assertThat(NeuronRuntime.liveCounts()).isEqualTo(new NeuronRuntime.LiveCounts(0, 0, 0, 0, 0));
    NrtEmulator.Counters counters = NrtEmulator.open().counters();
    assertThat(counters.liveModels()).isZero();
    assertThat(counters.liveTensors()).isZero();
    assertThat(counters.liveTensorSets()).isZero();
  }

  static IntStream statuses() {
    return IntStream.concat(
        Arrays.stream(NrtStatus.values())
            .filter(status -> status != NrtStatus.NRT_SUCCESS)
            .mapToInt(NrtStatus::number),
        IntStream.of(UNKNOWN_STATUS));
  }

  static Stream<Arguments> statusesAtExecution() {
    return Stream.of("write", "execute", "read")
        .flatMap(call -> statuses().mapToObj(status -> Arguments.of(call, status)));
  }

  static Stream<Arguments> statusesAtLoad() {
    return Stream.of("load", "allocate", "addTensor", "tensorInfo")
        .flatMap(call -> statuses().mapToObj(status -> Arguments.of(call, status)));
  }

  private static boolean mayBeAnotherChips(String call, int status) {
    return call.equals("load") && status == NrtStatus.NRT_HW_ERROR.number();
  }

  @ParameterizedTest
  @MethodSource("statuses")
  void aFailedInitIsABackendThatIsNotThere(int status) {
    Throwable thrown = catchThrowable(() -> open(faults("init", null, status)).close());

    assertThat(thrown).isInstanceOf(BackendUnavailableException.class);
    assertThat(thrown).hasMessageContaining(String.valueOf(status));
    open().close();
  }

  @ParameterizedTest
  @MethodSource("statusesAtLoad")
  void whatCannotBeLoadedIsReleased(String call, int status) {
    Throwable thrown =
        catchThrowable(
            () -> {
              try (InferenceBackend backend = open(faults(call, 1, status));
                  ExecutionSlot slot = backend.replicas().get(1).newSlot(SHAPE)) {
                run(slot);
              }
            });

    assertThat(thrown)
        .isInstanceOf(
            CORE_IS_LOST.contains(status) && !mayBeAnotherChips(call, status)
                ? DeviceFailureException.class
                : ModelLoadException.class)
        .hasMessageContaining(String.valueOf(status));
    open().close();
  }

  @ParameterizedTest
  @MethodSource("statuses")
  void whatCannotBeUnloadedKeepsNothingElse(int status) {
    InferenceBackend backend = open(faults("unload", 0, status));

    Throwable thrown = catchThrowable(backend::close);

    assertThat(thrown)
        .isInstanceOf(
            CORE_IS_LOST.contains(status) ? DeviceFailureException.class : InferenceException.class)
        .hasMessageContaining(String.valueOf(status));
    open().close();
  }

  @Test
  void aFailedUnloadDoesNotHideWhyALoadFailed() {
    JsonArray faults = faults("unload", null, 1);
    faults.addAll(faults("load", 1, 4));

    Throwable thrown = catchThrowable(() -> open(faults).close());

    assertThat(thrown).isInstanceOf(ModelLoadException.class).hasMessageContaining("4");
    assertThat(thrown.getSuppressed()).hasSize(1).hasOnlyElementsOfType(InferenceException.class);
    open().close();
  }

  @ParameterizedTest
  @MethodSource("statusesAtExecution")
  void aFailedExecutionIsOneOfItsCoreAlone(String call, int status) {
    try (InferenceBackend backend = open();
        ExecutionSlot broken = backend.replicas().get(0).newSlot(SHAPE);
        ExecutionSlot other = backend.replicas().get(1).newSlot(SHAPE)) {
      float[] expected = run(other);
      assertThat(run(broken)).isEqualTo(expected);
      NrtEmulator.open().setFaults(faults(call, 0, status).toString());

      Throwable thrown = catchThrowable(() -> run(broken));

      if (CORE_IS_LOST.contains(status)) {
        assertThat(thrown).isInstanceOf(DeviceFailureException.class);
        assertThat(((DeviceFailureException) thrown).core()).isZero();
      } else {
        assertThat(thrown).isInstanceOf(InferenceException.class);
        assertThat(((InferenceException) thrown).isRetryable())
            .isEqualTo(RETRYABLE.contains(status));
      }
      assertThat(thrown).hasMessageContaining(String.valueOf(status));
      assertThat(run(other)).isEqualTo(expected);
      NrtEmulator.open().setFaults("[]");
      if (status != 101) {
        assertThat(run(broken)).as("the same slot, without the fault").isEqualTo(expected);
      }
    }
  }

  @Test
  void aCoreThatDiesUnderLoadLosesNoRequest() {
    List<String> texts =
        IntStream.range(0, 300).mapToObj(i -> "text number %s of many".formatted(i)).toList();
    try (TextEmbedder embedder =
        TextEmbedder.builder().model(MODEL).backend(open(new Shape(4, 32), SLOW)).build()) {
      List<float[]> expected = embedder.embedPassages(texts);
      NrtEmulator.open()
          .setFaults(
              """
              [{"call": "execute", "core": 1, "from": 10, "status": 101}]""");

      List<CompletableFuture<float[]>> futures = new ArrayList<>();
      texts.forEach(text -> futures.add(embedder.embedAsync(text, InputType.PASSAGE)));

      for (int i = 0; i < futures.size(); i++) {
        assertThat(dot(futures.get(i).join(), expected.get(i)))
            .as("text %d", i)
            .isGreaterThanOrEqualTo(0.99999);
      }
      assertThat(embedder.health().state()).isEqualTo(EngineHealth.State.DEGRADED);
    }
  }

  private static InferenceBackend open(Shape shape, String configuration) {
    return EmulatedBackend.open(
        MODEL,
        List.of(shape),
        EmulatedModels.HASHED,
        InputPath.WRITE_BATCH,
        2,
        JsonParser.parseString(configuration).getAsJsonObject());
  }

  private static InferenceBackend open(JsonArray faults) {
    return open(SHAPE, "{\"faults\": %s}".formatted(faults));
  }

  private static InferenceBackend open() {
    return open(SHAPE, "{}");
  }

  /** A plan by which every such call fails; without a core, on any. */
  private static JsonArray faults(String call, @Nullable Integer core, int status) {
    JsonObject fault = new JsonObject();
    fault.addProperty("call", call);
    if (core != null) {
      fault.addProperty("core", core);
    }
    fault.addProperty("status", status);
    JsonArray faults = new JsonArray();
    faults.add(fault);
    return faults;
  }

  private static float[] run(ExecutionSlot slot) {
    slot.tokens().begin(2, 5);
    slot.tokens().row(new int[] {101, 2023, 2003, 102});
    slot.tokens().row(new int[] {101, 7592, 2088, 999, 102});
    slot.tokens().finish();
    slot.execute();
    float[] vectors = new float[2 * slot.output().hiddenSize()];
    slot.output().copy(0, 0, vectors, 0);
    slot.output().copy(1, 0, vectors, slot.output().hiddenSize());
    return vectors;
  }
}
