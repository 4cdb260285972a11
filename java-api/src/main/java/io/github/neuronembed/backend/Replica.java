package io.github.neuronembed.backend;

/** One model loaded on one NeuronCore, or one ONNX Runtime session. Thread-safe. */
public interface Replica {

  /** Zero-based index of the core among those this process owns; of the session for a CPU. */
  int core();

  /**
   * Allocates a slot: buffers for one execution at a time of the given shape.
   *
   * @param shape one of {@link InferenceBackend#shapes()}
   * @return a new slot, owned by the caller, who closes it before the backend
   * @throws IllegalArgumentException if the backend does not serve the shape
   * @throws IllegalStateException if the backend is closed
   * @throws io.github.neuronembed.ModelLoadException if there is no memory for it
   */
  ExecutionSlot newSlot(Shape shape);
}
