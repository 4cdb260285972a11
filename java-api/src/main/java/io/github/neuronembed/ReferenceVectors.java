package io.github.neuronembed;

import io.github.neuronembed.backend.ExecutionSlot;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.onnx.OnnxBackend;
import io.github.neuronembed.backend.onnx.OnnxOptions;
import io.github.neuronembed.engine.VectorReader;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.Precision;
import java.util.ArrayList;
import java.util.List;

/**
 * A model's own vectors: those of its unchanged float32 graph on ONNX Runtime, one text at a time.
 */
final class ReferenceVectors {

  private ReferenceVectors() {}

  /**
   * Embeds texts.
   *
   * @param texts token ids
   * @return a new vector for each
   * @throws ModelLoadException if the model has no float32 file that ONNX Runtime runs
   */
  static List<float[]> of(ModelDirectory model, List<int[]> texts) {
    int longest = texts.stream().mapToInt(ids -> ids.length).max().orElse(1);
    Shape shape = new Shape(1, longest);
    VectorReader reader = new VectorReader(model.pooling(), model.normalize());
    List<float[]> vectors = new ArrayList<>();
    try (OnnxBackend backend =
            OnnxBackend.open(
                model.onnxFile(Precision.FP32),
                model.padTokenId(),
                new OnnxOptions(1, 1, List.of(shape)));
        ExecutionSlot slot = backend.replicas().get(0).newSlot(shape)) {
      for (int[] ids : texts) {
        slot.tokens().begin(1, ids.length);
        slot.tokens().row(ids);
        slot.tokens().finish();
        slot.execute();
        vectors.add(reader.read(slot.tokens(), slot.output(), 0));
      }
    }
    return vectors;
  }
}
