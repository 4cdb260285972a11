package io.github.neuronembed.measurements;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.neuronembed.backend.ExecutionSlot;
import io.github.neuronembed.backend.InferenceBackend;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.neuron.EmulatedBackend;
import io.github.neuronembed.backend.neuron.EmulatedModels;
import io.github.neuronembed.cli.models.ModelArgument;
import io.github.neuronembed.nrt.InputPath;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullUnmarked;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Measures an execution of a slot from Java, for each input path: 1 × 256 tokens, a vector of 384
 * elements, on an emulated core without a service time. <em>Emulated</em>: the result includes the
 * cost of the emulator's libnrt calls, which {@code bare} of the C++ benchmark shows separately.
 */
@NullUnmarked // JMH calls open() before it uses the fields
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class SlotExecution {

  private static final Shape SHAPE = new Shape(1, 256);

  /** The way by which inputs get to the device. */
  @Param({"WRITE_BATCH", "WRITE", "SLICES", "ATTACHED", "HOST"})
  public InputPath path = InputPath.WRITE_BATCH;

  private InferenceBackend backend;
  private ExecutionSlot slot;
  private int[] tokenIds;

  /** Opens the emulated core and fills the slot. */
  @Setup(Level.Trial)
  public void open() {
    JsonObject attachedBuffersWork =
        JsonParser.parseString("{\"runtime\": {\"attachedBuffers\": \"copy\"}}").getAsJsonObject();
    backend =
        EmulatedBackend.open(
            ModelArgument.resolve(ModelArgument.AT_HAND),
            List.of(SHAPE),
            EmulatedModels.HASHED,
            path,
            1,
            attachedBuffersWork);
    slot = backend.replicas().get(0).newSlot(SHAPE);
    tokenIds = new int[SHAPE.sequenceLength()];
    Arrays.fill(tokenIds, 7);
    fill();
  }

  /** Closes the slot and the core. */
  @TearDown(Level.Trial)
  public void close() {
    slot.close();
    backend.close();
  }

  private void fill() {
    slot.tokens().begin(1, SHAPE.sequenceLength());
    slot.tokens().row(tokenIds);
    slot.tokens().finish();
  }

  /** Writes the inputs, executes and reads the outputs, in one JNI call. */
  @Benchmark
  public void execute() {
    slot.execute();
  }

  /** Also copies the ids into the slot's memory first, as the engine does. */
  @Benchmark
  public void fillAndExecute() {
    fill();
    slot.execute();
  }
}
