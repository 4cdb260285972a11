package io.github.neuronembed.backend.cpu;

import io.github.neuronembed.backend.ExecutionSlot;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.onnx.OnnxBackend;
import io.github.neuronembed.backend.onnx.OnnxOptions;
import io.github.neuronembed.engine.VectorReader;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.Precision;
import io.github.neuronembed.model.PreparedFolder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What tiny models are prepared with in tests; as a program, a preparation that is killed. */
final class EncoderPreparation {

  /** The status with which the program ends. */
  static final int KILLED = 87;

  private static final List<int[]> TEXTS =
      List.of(new int[] {1, 5, 9, 2}, new int[] {1, 3, 2}, new int[] {1, 50, 40, 30, 20, 10, 2});

  private EncoderPreparation() {}

  /** Arguments: the model directory and the folder of prepared files. */
  public static void main(String[] args) {
    EncoderSource source =
        new EncoderSource(
            ModelDirectory.open(Path.of(args[0])),
            Precision.EXACT,
            TEXTS,
            texts -> {
              Runtime.getRuntime().halt(KILLED);
              throw new AssertionError();
            });
    new PreparedEncoders(new PreparedFolder(Path.of(args[1])))
        .open(source, CpuKernels.names().get(0))
        .close();
  }

  static EncoderSource source(ModelDirectory model, Precision precision) {
    return new EncoderSource(model, precision, TEXTS, texts -> vectors(model, texts));
  }

  /** The model's vectors on ONNX Runtime. */
  static List<float[]> vectors(ModelDirectory model, List<int[]> texts) {
    Shape shape = new Shape(1, model.maxTokens());
    VectorReader reader = new VectorReader(model.pooling(), model.normalize());
    List<float[]> vectors = new ArrayList<>();
    try (OnnxBackend backend =
            OnnxBackend.open(
                model.onnxFile(Precision.FP32), 0, new OnnxOptions(1, 1, List.of(shape)));
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
