package io.github.neuronembed.backend;

import java.util.List;

/**
 * A model that is loaded and ready to run, on one or more replicas. Thread-safe. The caller closes
 * its slots first, then the backend.
 */
public interface InferenceBackend extends AutoCloseable {

  /**
   * For people: the backend, its version and its devices, for example {@code onnxruntime 1.21.1}.
   */
  String description();

  /** Whether the device is emulated; figures of an emulated device must be labelled so. */
  boolean emulated();

  /**
   * Elements of each vector of the output, which belongs to a text if the model pools, else to a
   * token.
   */
  int hiddenSize();

  /** Whether the model itself makes one vector of a text's tokens. */
  default boolean pools() {
    return false;
  }

  /**
   * The shapes that every replica serves, at least one, in ascending order of length, then batch.
   */
  List<Shape> shapes();

  /**
   * Whether every execution computes exactly its shape, as a NEFF does, so that fewer rows or
   * tokens save nothing; else a shape is an upper bound.
   */
  default boolean fixedShapes() {
    return false;
  }

  /**
   * Whether a replica computes one execution at a time, as a NeuronCore does, so that its further
   * slots wait for their turn; else every slot computes at once.
   */
  default boolean executesInTurn() {
    return fixedShapes();
  }

  /**
   * How many slots keep a replica busy: with two, the transfers of one execution overlap the
   * computing of another; if all slots compute at once, one for each processor.
   */
  default int slotsPerReplica() {
    return executesInTurn() ? 2 : Runtime.getRuntime().availableProcessors();
  }

  /** The replicas, at least one. Their order never changes. */
  List<Replica> replicas();

  /**
   * Unloads the model. Does nothing when it is closed already.
   *
   * @throws IllegalStateException if a slot is still open
   */
  @Override
  void close();
}
