package io.github.neuronembed.model.graph;

import io.github.neuronembed.model.Pooling;
import io.github.neuronembed.model.PoolingStrategy;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Rewrites the ONNX file of a BERT encoder, or of a model derived from BERT, into a file that gives
 * the same vectors with less work on ONNX Runtime's CPU provider. It does not change the original.
 *
 * <p>What is different in the prepared file:
 *
 * <ul>
 *   <li>its one output, {@code sentence_embedding}, is float32 {@code [batch, hidden]}, pooled and,
 *       if the model says so, L2-normalised;
 *   <li>with CLS pooling, the last layer is computed only for the first token;
 *   <li>attention, residual norms and biased GELU are ONNX Runtime's own fused operators, which it
 *       does not make of these graphs by itself. The operators exist in the releases from 1.20 on
 *       that were tried (1.20.0, 1.21.1, 1.28.0), and nowhere but in ONNX Runtime.
 * </ul>
 *
 * <p>Float32 vectors agree with the original's up to rounding (cosine of 0.99999 and more). A
 * dynamically quantized model scales its activations by their extremes in the whole batch, so any
 * change of the computation changes its vectors. The vectors of a prepared quantized model are as
 * near to the float32 model's as the original's are, but not equal to the original's.
 *
 * <p>All methods are safe to call from several threads and processes: a prepared file appears
 * whole.
 */
public final class PreparedGraph {

  /** The version of the written graph; change it whenever the graph changes. */
  static final String VERSION = "1";

  static final String VERSION_KEY = "neuron_embed.prepared.version";
  static final String ORIGINAL_KEY = "neuron_embed.prepared.original_sha256";
  static final String POOLING_KEY = "neuron_embed.prepared.pooling";
  static final String NORMALIZE_KEY = "neuron_embed.prepared.normalize";

  /** The value for a cross-encoder, in place of a pooling. */
  static final String SCORES = "scores";

  private PreparedGraph() {}

  /**
   * Prepares a model.
   *
   * @param original an ONNX file with the inputs {@code input_ids}, {@code attention_mask} and,
   *     where the model has them, {@code token_type_ids}, int64, and the last hidden state as its
   *     only output
   * @param target the file to write or replace; its folder exists
   * @param pooling how the model pools
   * @param normalize whether its vectors have length 1
   * @throws UnsupportedGraphException if the original is not an encoder that can be rewritten, or
   *     the pooling is another than cls or mean over all tokens; nothing is written, and the
   *     original is to be used
   * @throws IOException if a file cannot be read or written; a file that was at the target is still
   *     there
   */
  public static void prepare(Path original, Path target, Pooling pooling, boolean normalize)
      throws IOException, UnsupportedGraphException {
    prepare(original, OnnxModelFile.sha256(original), target, pooling, normalize, false);
  }

  /**
   * Prepares a model, see {@link #prepare(Path, Path, Pooling, boolean)}.
   *
   * @param uint8 whether to write int8 weights as uint8. Their products are exact also on x86
   *     processors without VNNI, but take longer
   */
  static void prepare(
      Path original,
      String originalSha256,
      Path target,
      Pooling stated,
      boolean normalize,
      boolean uint8)
      throws IOException, UnsupportedGraphException {
    PoolingStrategy pooling = inGraph(stated);
    OnnxModel read = OnnxModelFile.read(original);
    BertEncoder encoder = BertEncoder.of(read);
    encoder.expectVectors();
    write(
        new FusedBertGraph(uint8 ? encoder.withUint8() : encoder, pooling, normalize),
        read,
        properties(originalSha256, pooling.name(), normalize),
        target);
  }

  /**
   * Prepares a cross-encoder: the output is {@code logits}, float32 {@code [batch, 1]}, and the
   * last layer is computed only for the first token.
   *
   * @param original an ONNX file with the inputs {@code input_ids}, {@code attention_mask} and,
   *     where the model has them, {@code token_type_ids}, int64, and the score as its only output
   * @param target the file to write or replace; its folder exists
   * @throws UnsupportedGraphException if the original is not a cross-encoder that can be rewritten;
   *     nothing is written, and the original is to be used
   * @throws IOException if a file cannot be read or written; a file that was at the target is still
   *     there
   */
  public static void prepareScores(Path original, Path target)
      throws IOException, UnsupportedGraphException {
    prepareScores(original, OnnxModelFile.sha256(original), target, false);
  }

  /** Prepares a cross-encoder; see the public method, and {@code prepare} for the parameters. */
  static void prepareScores(Path original, String originalSha256, Path target, boolean uint8)
      throws IOException, UnsupportedGraphException {
    OnnxModel read = OnnxModelFile.read(original);
    BertEncoder encoder = BertEncoder.of(read);
    encoder.expectScores();
    write(
        new FusedBertGraph(uint8 ? encoder.withUint8() : encoder, PoolingStrategy.CLS, false),
        read,
        properties(originalSha256, SCORES, false),
        target);
  }

  private static void write(
      FusedBertGraph fused, OnnxModel read, Map<String, String> properties, Path target)
      throws IOException {
    GraphBuilder graph = fused.build();
    OnnxModelFile.write(target, graph.modelAfter(read.proto(), properties), graph.weights());
  }

  /**
   * Whether a file's metadata says that it is a prepared file.
   *
   * @param properties the metadata
   */
  public static boolean isPrepared(Map<String, String> properties) {
    return VERSION.equals(properties.get(VERSION_KEY));
  }

  /** The pooling strategy, if a rewritten graph can do it. */
  static PoolingStrategy inGraph(Pooling pooling) throws UnsupportedGraphException {
    for (PoolingStrategy strategy : List.of(PoolingStrategy.CLS, PoolingStrategy.MEAN)) {
      if (pooling.is(strategy)) {
        return strategy;
      }
    }
    throw new UnsupportedGraphException(
        "a rewritten graph pools by cls or mean over all tokens, and the model by %s."
            .formatted(pooling));
  }

  private static Map<String, String> properties(
      String originalSha256, String pooling, boolean normalize) {
    // Sorted, so that the same original gives the same bytes.
    return new TreeMap<>(
        Map.of(
            VERSION_KEY,
            VERSION,
            ORIGINAL_KEY,
            originalSha256,
            POOLING_KEY,
            pooling,
            NORMALIZE_KEY,
            Boolean.toString(normalize)));
  }
}
