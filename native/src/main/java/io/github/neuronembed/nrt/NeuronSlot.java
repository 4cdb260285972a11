package io.github.neuronembed.nrt;

import io.github.neuronembed.nrt.bindings.NeuronCapi;
import io.github.neuronembed.nrt.bindings.neuron_model;
import io.github.neuronembed.nrt.bindings.neuron_slot;
import io.github.neuronembed.nrt.bindings.neuron_slot_memory;
import io.github.neuronembed.nrt.bindings.neuron_stage_times;
import io.github.neuronembed.nrt.bindings.neuron_status;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.bytedeco.javacpp.Loader;

/**
 * The memory of one execution of a model, allocated once: write the inputs in place, {@link
 * #execute()}, read the outputs in place.
 *
 * <p>Used by one thread at a time; handing it over needs a happens-before edge. Different slots are
 * independent, also on one model: with two, the transfers of one execution overlap another's
 * compute. {@link #close()} may be called by any thread.
 *
 * <p>The buffers belong to the JVM and the native core borrows them: a buffer that is kept after
 * the slot is closed is still valid memory.
 */
public final class NeuronSlot implements AutoCloseable {

  private static final int WRITE_NANOS = Loader.offsetof(neuron_stage_times.class, "write_nanos");
  private static final int EXECUTE_NANOS =
      Loader.offsetof(neuron_stage_times.class, "execute_nanos");
  private static final int READ_NANOS = Loader.offsetof(neuron_stage_times.class, "read_nanos");

  private final NeuronModel model;
  private final Memory memory;
  private final List<ByteBuffer> inputs;
  private final List<ByteBuffer> outputs;
  private final InputPath inputPath;
  private final String inputPathReason;
  private final neuron_status status = Native.status();
  private final AtomicBoolean executing = new AtomicBoolean();
  private final Gate<neuron_slot> gate;

  private NeuronSlot(NeuronModel model, Memory memory, neuron_slot handle) {
    this.model = model;
    this.memory = memory;
    this.inputs = slices(memory.inputs, model.inputs());
    this.outputs = slices(memory.outputs, model.outputs());
    this.inputPath = InputPath.ofNumber(NeuronCapi.neuron_slot_get_input_path(handle));
    this.inputPathReason = Native.text(NeuronCapi.neuron_slot_get_input_path_reason(handle));
    this.gate =
        new Gate<>(
            this,
            "A slot of model %s on core %s".formatted(model.file().getFileName(), model.core()),
            handle);
  }

  static NeuronSlot create(
      NeuronModel model,
      neuron_model modelHandle,
      InputPath wanted,
      long inputRegionBytes,
      long outputRegionBytes) {
    Memory memory = new Memory(inputRegionBytes, outputRegionBytes);
    neuron_slot_memory lent = Native.struct(neuron_slot_memory.class, neuron_slot_memory::new);
    lent.input_region(Native.pointer(memory.inputs));
    lent.input_region_size(inputRegionBytes);
    lent.output_region(Native.pointer(memory.outputs));
    lent.output_region_size(outputRegionBytes);
    lent.stage_times(new neuron_stage_times(Native.pointer(memory.times)));
    neuron_status status = Native.status();
    neuron_slot handle = NeuronCapi.neuron_slot_create(modelHandle, wanted.number(), lent, status);
    Native.check(status);
    return Native.adopt(
        handle, owned -> new NeuronSlot(model, memory, owned), NeuronCapi::neuron_slot_destroy);
  }

  private static List<ByteBuffer> slices(ByteBuffer region, List<TensorInfo> tensors) {
    List<ByteBuffer> slices = new ArrayList<>(tensors.size());
    for (TensorInfo tensor : tensors) {
      slices.add(
          region
              .slice((int) tensor.regionOffsetBytes(), (int) tensor.sizeBytes())
              .order(ByteOrder.nativeOrder()));
    }
    return List.copyOf(slices);
  }

  /** The model it executes. */
  public NeuronModel model() {
    return model;
  }

  /**
   * The memory of each input, in the order of {@link NeuronModel#inputs()}: direct, in native byte
   * order, as long as the tensor. The device reads from it, or libnrt copies from it, without a
   * copy by this library. Each call returns the same objects: use absolute access, or duplicates.
   */
  public List<ByteBuffer> inputs() {
    return inputs;
  }

  /**
   * The memory of each output, in the order of {@link NeuronModel#outputs()}, likewise. Defined
   * after a successful {@link #execute()} until the next one.
   */
  public List<ByteBuffer> outputs() {
    return outputs;
  }

  /** The path in use: the requested one, or its replacement. */
  public InputPath inputPath() {
    return inputPath;
  }

  /** The reason why {@link #inputPath()} is not the requested one; empty if it is. */
  public String inputPathReason() {
    return inputPathReason;
  }

  /**
   * Moves the inputs to the device, runs the model, reads the outputs; blocks meanwhile. One native
   * call; allocates nothing unless it fails. Each call reads every input byte: write all of them,
   * including padding and mask.
   *
   * @throws IllegalStateException if the slot is closed, or executing in another thread
   * @throws NrtException if libnrt fails; the outputs are then undefined, and {@link
   *     NrtException#statusClass()} says what to do
   */
  public void execute() {
    execute(Long.MAX_VALUE);
  }

  /**
   * As {@link #execute()}, but reads only a part of the outputs.
   *
   * @param outputBytes number of bytes to read from the beginning of each output, or all if it has
   *     fewer; the other bytes do not change
   * @throws IllegalArgumentException if it is negative
   */
  public void execute(long outputBytes) {
    if (outputBytes < 0) {
      throw new IllegalArgumentException(
          "An output has no %s bytes to read.".formatted(outputBytes));
    }
    if (!executing.compareAndSet(false, true)) {
      throw new IllegalStateException(
          "The slot is executing in another thread: use one slot per thread.");
    }
    try {
      neuron_slot handle = gate.enter();
      try {
        if (NeuronCapi.neuron_slot_execute(handle, outputBytes, status) != NeuronCapi.NEURON_OK) {
          throw Native.failure(status);
        }
      } finally {
        gate.exit();
      }
    } finally {
      executing.set(false);
      Reference.reachabilityFence(this); // the native code was using our memory
    }
  }

  /** Nanoseconds that the last execution took to move the inputs; 0 if there was none. */
  public long writeNanos() {
    return memory.times.getLong(WRITE_NANOS);
  }

  /** Nanoseconds of {@code nrt_execute}, including the wait for the core; 0 if not reached. */
  public long executeNanos() {
    return memory.times.getLong(EXECUTE_NANOS);
  }

  /** Nanoseconds that the last execution took to read the outputs; 0 if not reached. */
  public long readNanos() {
    return memory.times.getLong(READ_NANOS);
  }

  /** Frees the tensors on the device, after a running execution. Does nothing if it is closed. */
  @Override
  public void close() {
    // Before the handle is given up: without memory for it, the handle would be lost.
    neuron_status destroyed = Native.status();
    gate.close(
        slot -> {
          NeuronCapi.neuron_slot_destroy(slot, destroyed);
          Native.check(destroyed);
        });
  }

  /** The memory that the native slot borrows until it is closed. */
  private static final class Memory {
    final ByteBuffer inputs;
    final ByteBuffer outputs;
    final ByteBuffer times =
        ByteBuffer.allocateDirect(Loader.sizeof(neuron_stage_times.class))
            .order(ByteOrder.nativeOrder());

    Memory(long inputBytes, long outputBytes) {
      this.inputs = Native.region(inputBytes);
      this.outputs = Native.region(outputBytes);
    }
  }
}
