package io.github.neuronembed.backend.onnx;

import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.model.Precision;
import java.nio.file.Path;

/**
 * The main program of a process with too little direct memory for a slot of the model file that is
 * its argument: prints what became of it, a line each.
 */
final class SlotMemoryProbe {

  private SlotMemoryProbe() {}

  public static void main(String[] args) {
    OnnxBackend backend =
        OnnxBackend.open(Path.of(args[0]), 0, OnnxOptions.forModel(512, Precision.FP32));
    try {
      backend.replicas().get(0).newSlot(backend.shapes().get(backend.shapes().size() - 1));
    } catch (ModelLoadException e) {
      System.out.println("refused " + e.getMessage());
    }
    backend.close();
    System.out.println("closed");
  }
}
