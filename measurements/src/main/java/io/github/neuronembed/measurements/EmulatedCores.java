package io.github.neuronembed.measurements;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.neuronembed.backend.InferenceBackend;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.neuron.EmulatedBackend;
import io.github.neuronembed.backend.neuron.EmulatedModels;
import io.github.neuronembed.cli.models.ModelArgument;
import io.github.neuronembed.nrt.InputPath;
import java.util.ArrayList;
import java.util.Map;

/**
 * Emulated cores with given service times. They compute a hash of the ids instead of a model, so
 * that a measurement shows only the host's part.
 */
final class EmulatedCores {

  private EmulatedCores() {}

  /**
   * Opens them.
   *
   * @param cores number of cores
   * @param serviceMicros microseconds of an execution, by shape
   */
  static InferenceBackend open(int cores, Map<Shape, Integer> serviceMicros) {
    JsonArray service = new JsonArray();
    serviceMicros.forEach(
        (shape, micros) -> {
          JsonObject time = new JsonObject();
          time.addProperty("batch", shape.batchSize());
          time.addProperty("sequenceLength", shape.sequenceLength());
          if (shape.isPacked()) {
            time.addProperty("texts", shape.textsPerRow());
          }
          time.addProperty("micros", micros);
          service.add(time);
        });
    JsonObject timing = new JsonObject();
    timing.add("service", service);
    // A virtual machine's timer wakes 50 to 100 µs late; a device's interrupt does not.
    timing.addProperty("spinMicros", 100);
    JsonObject configuration = new JsonObject();
    configuration.add("timing", timing);
    return EmulatedBackend.open(
        ModelArgument.resolve(ModelArgument.AT_HAND),
        new ArrayList<>(serviceMicros.keySet()),
        EmulatedModels.HASHED,
        InputPath.WRITE_BATCH,
        cores,
        configuration);
  }
}
