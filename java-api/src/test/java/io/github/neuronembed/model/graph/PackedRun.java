package io.github.neuronembed.model.graph;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Runs files that {@link PackedGraph} wrote, on ONNX Runtime itself. */
final class PackedRun implements AutoCloseable {

  private static final OrtEnvironment ENVIRONMENT = OrtEnvironment.getEnvironment();

  private final OrtSession session;

  PackedRun(Path file) throws OrtException {
    OrtSession.SessionOptions options = new OrtSession.SessionOptions();
    options.setIntraOpNumThreads(1);
    this.session = ENVIRONMENT.createSession(file.toString(), options);
  }

  /**
   * The vectors of rows of texts, row after row.
   *
   * @param length S
   * @param texts K
   */
  List<float[]> of(List<List<int[]>> rows, int length, int texts) throws OrtException {
    long[][] ids = new long[rows.size()][length];
    long[][] starts = new long[rows.size()][texts + 1];
    for (int row = 0; row < rows.size(); row++) {
      Arrays.fill(starts[row], length);
      int at = 0;
      int text = 0;
      for (int[] tokens : rows.get(row)) {
        starts[row][text++] = at;
        for (int id : tokens) {
          ids[row][at++] = id;
        }
      }
      starts[row][text] = at;
    }
    try (OnnxTensor inputIds = OnnxTensor.createTensor(ENVIRONMENT, ids);
        OnnxTensor begins = OnnxTensor.createTensor(ENVIRONMENT, starts);
        OrtSession.Result result =
            session.run(Map.of(BertGraphReader.INPUT_IDS, inputIds, PackedGraph.STARTS, begins))) {
      float[][][] output = (float[][][]) result.get(0).getValue();
      List<float[]> vectors = new ArrayList<>();
      for (int row = 0; row < rows.size(); row++) {
        for (int text = 0; text < rows.get(row).size(); text++) {
          vectors.add(output[row][text]);
        }
      }
      return vectors;
    }
  }

  @Override
  public void close() throws OrtException {
    session.close();
  }
}
