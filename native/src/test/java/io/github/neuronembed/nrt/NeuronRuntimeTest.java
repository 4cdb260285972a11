package io.github.neuronembed.nrt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The bindings on the emulator: one gate before every pointer, and nothing left behind. */
class NeuronRuntimeTest {

  private static NrtEmulator emulator;

  @TempDir Path folder;
  private Path neff;

  @BeforeAll
  static void loadEmulator() {
    NativeLibrary.ensureAvailable();
    assumeTrue(
        NativeLibrary.class.getResource(
                "/neuron-embed/" + NativeLibrary.platform() + "/emulator/libnrt.so.1")
            != null,
        "the emulator was not built: install nlohmann-json3-dev and zlib1g-dev");
    emulator = NrtEmulator.open();
  }

  @BeforeEach
  void pack() throws Exception {
    emulator.configure("{\"cores\": 2, \"lockDirectory\": \"\"}");
    neff = folder.resolve("model.neff");
    new EmulatedNeff(2, 8, 1, false, false, true, false, 64, 1000, 0).write(neff, null);
  }

  @AfterEach
  void nothingIsLeft() {
    NeuronRuntime.LiveCounts live = NeuronRuntime.liveCounts();
    NrtEmulator.Counters counters = emulator.counters();
    assertThat(live).isEqualTo(new NeuronRuntime.LiveCounts(0, 0, 0, 0, 0));
    assertThat(counters.liveModels()).isZero();
    assertThat(counters.liveTensors()).isZero();
    assertThat(counters.liveTensorSets()).isZero();
    assertThat(counters.misuses()).isZero();
  }

  private static NeuronRuntime open() {
    return NeuronRuntime.open(emulator.library(), RuntimeOptions.defaults());
  }

  private static void fill(NeuronSlot slot, int firstId) {
    ByteBuffer ids = slot.inputs().get(0);
    ByteBuffer mask = slot.inputs().get(1);
    for (int i = 0; i < 16; i++) {
      ids.putInt(i * 4, firstId + i);
      mask.putInt(i * 4, 1);
    }
  }

  @ParameterizedTest
  @EnumSource
  void everyInputPathGivesTheSameVectors(InputPath path) {
    try (NeuronRuntime runtime = open();
        NeuronModel model = runtime.load(neff, 1);
        NeuronSlot reference = model.newSlot(InputPath.WRITE);
        NeuronSlot slot = model.newSlot(path)) {
      fill(reference, 5);
      fill(slot, 5);

      reference.execute();
      slot.execute();

      assertThat(slot.outputs().get(0)).isEqualTo(reference.outputs().get(0));
      double squares = 0;
      for (int i = 0; i < 64; i++) {
        float x = slot.outputs().get(0).getFloat(i * 4);
        squares += x * x;
      }
      assertThat(squares).isBetween(0.999, 1.001);
      assertThat(slot.executeNanos()).isPositive();
      assertThat(slot.inputPathReason()).isNotNull();
    }
  }

  @Test
  void aPackedModelHasStartsAndAVectorATextOfWhichOnlyTheFirstAreRead(@TempDir Path folder)
      throws IOException {
    Path packed = folder.resolve("packed.neff");
    new EmulatedNeff(1, 8, 3, false, false, true, false, 64, 1000, 0).write(packed, null);
    try (NeuronRuntime runtime = open();
        NeuronModel model = runtime.load(packed, 0);
        NeuronSlot slot = model.newSlot(InputPath.WRITE_BATCH)) {
      assertThat(model.inputs().get(1).name()).isEqualTo(EmulatedNeff.STARTS);
      assertThat(model.inputs().get(1).shape()).containsExactly(1, 4);
      assertThat(model.outputs().get(0).shape()).containsExactly(1, 3, 64);
      slot.inputs().get(1).asIntBuffer().put(new int[] {0, 3, 5, 8});

      slot.execute(2 * 64 * 4);

      ByteBuffer vectors = slot.outputs().get(0);
      assertThat(vectors.getFloat(64 * 4)).isNotZero();
      assertThat(vectors.getFloat(2 * 64 * 4)).isZero();
      slot.execute();
      assertThat(vectors.getFloat(2 * 64 * 4)).isNotZero();
      assertThatIllegalArgumentException().isThrownBy(() -> slot.execute(-1));
    }
  }

  @Test
  void namesShapesAndCoresAreTheModels() {
    try (NeuronRuntime runtime = open();
        NeuronModel model = runtime.load(neff, 0)) {
      assertThat(runtime.visibleCoreCount()).isEqualTo(2);
      assertThat(model.inputs()).extracting(TensorInfo::name).containsExactly("input0", "input1");
      assertThat(model.inputs().get(0).shape()).containsExactly(2, 8);
      assertThat(model.outputs().get(0).shape()).containsExactly(2, 64);
      assertThat(model.outputs().get(0).sizeBytes()).isEqualTo(2 * 64 * 4);
    }
  }

  @Test
  void childrenPinTheirParents() {
    NeuronRuntime runtime = open();
    NeuronModel model = runtime.load(neff, 0);
    NeuronSlot slot = model.newSlot(InputPath.WRITE_BATCH);

    assertThatIllegalStateException().isThrownBy(runtime::close);
    assertThatIllegalStateException().isThrownBy(model::close);
    slot.close();
    slot.close();
    assertThatIllegalStateException().isThrownBy(slot::execute).withMessageContaining("closed");
    model.close();
    model.close();
    assertThatIllegalStateException().isThrownBy(() -> model.newSlot(InputPath.WRITE));
    runtime.close();
    runtime.close();
    assertThatIllegalStateException().isThrownBy(() -> runtime.load(neff, 0));
  }

  @ParameterizedTest
  @ValueSource(
      ints = {1, 2, 3, 5, 7, 15, 101, 1002, 1003, 1004, 1005, 1006, 1202, 1203, 1205, 4711})
  void aStatusAtExecutionIsAnExceptionWithItsNumber(int status) {
    try (NeuronRuntime runtime = open();
        NeuronModel model = runtime.load(neff, 1);
        NeuronSlot slot = model.newSlot(InputPath.WRITE_BATCH)) {
      fill(slot, 5);
      emulator.setFaults("[{\"call\": \"execute\", \"status\": %s, \"nth\": 1}]".formatted(status));

      assertThatExceptionOfType(NrtException.class)
          .isThrownBy(slot::execute)
          .satisfies(
              e -> {
                assertThat(e.kind()).isEqualTo(NrtException.Kind.STATUS);
                assertThat(e.statusNumber()).isEqualTo(status);
                assertThat(e.operation()).isEqualTo("nrt_execute");
                assertThat(e.core()).isEqualTo(1);
              })
          .withMessageContaining("" + status);
    }
  }

  @Test
  void whatIsNoNeffIsRefusedAndNothingIsLeft() throws Exception {
    Path garbage = Files.write(folder.resolve("garbage.neff"), new byte[5000]);
    try (NeuronRuntime runtime = open()) {
      assertThatExceptionOfType(NrtException.class)
          .isThrownBy(() -> runtime.load(garbage, 0))
          .satisfies(e -> assertThat(e.kind()).isEqualTo(NrtException.Kind.NEFF))
          .withMessageContaining("garbage.neff");
      assertThatExceptionOfType(NrtException.class)
          .isThrownBy(() -> runtime.load(folder.resolve("missing.neff"), 0))
          .satisfies(e -> assertThat(e.kind()).isEqualTo(NrtException.Kind.FILE));
    }
  }

  @Test
  void closingRacesExecutingWithoutACrash() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try (NeuronRuntime runtime = open();
        NeuronModel model = runtime.load(neff, 0)) {
      AtomicInteger executions = new AtomicInteger();
      for (int round = 0; round < 200; round++) {
        NeuronSlot slot = model.newSlot(InputPath.WRITE_BATCH);
        fill(slot, round + 1);
        List<Future<?>> racing = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
          racing.add(
              threads.submit(
                  () -> {
                    try {
                      for (int k = 0; k < 20; k++) {
                        slot.execute();
                        executions.incrementAndGet();
                      }
                    } catch (IllegalStateException closedOrBusy) {
                      // What is allowed to happen instead of a crash.
                    }
                  }));
        }
        racing.add(threads.submit(slot::close));
        for (Future<?> one : racing) {
          one.get(30, TimeUnit.SECONDS);
        }
        slot.close();
      }
      assertThat(executions.get()).isPositive();
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void executingAllocatesNothingOnTheHeap() {
    com.sun.management.ThreadMXBean memory =
        (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean();
    try (NeuronRuntime runtime = open();
        NeuronModel model = runtime.load(neff, 0);
        NeuronSlot slot = model.newSlot(InputPath.WRITE_BATCH)) {
      fill(slot, 5);
      for (int i = 0; i < 20_000; i++) {
        slot.execute();
      }
      long before = memory.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < 1000; i++) {
        slot.execute();
      }
      long bytes = memory.getCurrentThreadAllocatedBytes() - before;

      // The bean's own answer may be counted once.
      assertThat(bytes).isLessThan(1000);
    }
  }
}
