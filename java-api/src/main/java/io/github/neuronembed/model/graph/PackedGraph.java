package io.github.neuronembed.model.graph;

import io.github.neuronembed.model.Pooling;
import io.github.neuronembed.model.PoolingStrategy;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/**
 * Rewrites a BERT encoder's ONNX file into one whose rows hold several texts each, end to end. It
 * does not change the original. The graph has standard ONNX operators (operator set 17), and its
 * shapes are open: one file serves every B, S and K.
 *
 * <ul>
 *   <li>{@code input_ids}, int64 {@code [B, S]}: the texts of a row one after the other, each with
 *       its special tokens, then padding;
 *   <li>{@code starts}, int64 {@code [B, K + 1]}, in ascending order: the start of each text of the
 *       row, then the end of the last one; unused entries are S;
 *   <li>{@code sentence_embedding}, float32 {@code [B, K, hidden]}: a text's vector, pooled and, if
 *       the model says so, L2-normalised. Vectors without a text are finite, and mean nothing.
 * </ul>
 *
 * <p>A text does not attend to other texts, and its positions start at the beginning. So its vector
 * is the same as in a row of its own, up to the order of sums.
 */
public final class PackedGraph {

  /** The input that says where texts are. */
  public static final String STARTS = PackedBertGraph.STARTS;

  private PackedGraph() {}

  /**
   * Writes it.
   *
   * @param original an ONNX file with the inputs {@code input_ids}, {@code attention_mask} and,
   *     where the model has them, {@code token_type_ids}, int64, and the last hidden state as its
   *     only output
   * @param target the file to write or replace; its folder exists
   * @param pooling how the model pools
   * @param normalize whether its vectors have length 1
   * @throws UnsupportedGraphException if the original is not a float32 encoder that is recognised,
   *     or the pooling is another than cls or mean over all tokens; nothing is written
   * @throws IOException if a file cannot be read or written; a file that was at the target is still
   *     there
   */
  public static void write(Path original, Path target, Pooling pooling, boolean normalize)
      throws IOException, UnsupportedGraphException {
    OnnxModel read = OnnxModelFile.read(original);
    BertEncoder encoder = BertEncoder.of(read);
    encoder.expectVectors();
    write(read, encoder, target, PreparedGraph.inGraph(pooling), normalize);
  }

  /**
   * Writes the packed graph of a cross-encoder. Its output is {@code logits}, float32 {@code [B, K,
   * 1]}, in place of {@code sentence_embedding}.
   *
   * @param original an ONNX file with the inputs {@code input_ids} and {@code attention_mask},
   *     int64, and the score as its only output
   * @param target the file to write or replace; its folder exists
   * @throws UnsupportedGraphException if the original is not a float32 cross-encoder that is
   *     recognised, or if it takes token types, which a packed row does not have; nothing is
   *     written
   * @throws IOException if a file cannot be read or written; a file that was at the target is still
   *     there
   */
  public static void writeScores(Path original, Path target)
      throws IOException, UnsupportedGraphException {
    OnnxModel read = OnnxModelFile.read(original);
    BertEncoder encoder = BertEncoder.of(read);
    encoder.expectScores();
    if (encoder.embeddings().takesTypes()) {
      throw new UnsupportedGraphException(
          "It distinguishes the two sides of a pair by token types, which a packed row does not have.");
    }
    write(read, encoder, target, PoolingStrategy.CLS, false);
  }

  private static void write(
      OnnxModel read, BertEncoder encoder, Path target, PoolingStrategy pooling, boolean normalize)
      throws IOException, UnsupportedGraphException {
    encoder.expectFloats();
    GraphBuilder graph = new PackedBertGraph(encoder, pooling, normalize).build();
    OnnxModelFile.write(target, graph.modelAfter(read.proto(), Map.of()), graph.weights());
  }
}
