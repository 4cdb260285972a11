package io.github.neuronembed.model;

import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.model.OnnxInterface.Port;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The output of an ONNX model that has the embeddings. Names and ranks decide, never the order,
 * because exporters order outputs arbitrarily. In this order of preference
 *
 * <ol>
 *   <li>{@code last_hidden_state} or {@code token_embeddings}, [batch, sequence, hidden]: the names
 *       of the token vectors in Hugging Face Transformers and sentence-transformers; they are
 *       pooled as the model directory states
 *   <li>{@code sentence_embedding}, [batch, hidden]: the name of a pooled vector in
 *       sentence-transformers
 *   <li>the only output, by its rank, unless its name says that it is something else
 * </ol>
 *
 * <p>{@code pooler_output} is never used: BERT's pooler is a tanh layer that was trained for
 * next-sentence prediction. {@code logits} are never used either.
 *
 * @param name the output's name
 * @param pooled whether it has one vector per row
 * @param width elements of a vector
 */
public record EmbeddingOutput(String name, boolean pooled, int width) {

  private static final List<String> TOKEN_VECTORS =
      List.of("last_hidden_state", "token_embeddings");
  private static final String POOLED = "sentence_embedding";
  private static final String LOGITS = "logits";
  private static final String REMEDY =
      "Export the encoder with its last_hidden_state (task feature-extraction).";

  /**
   * Chooses the output.
   *
   * @param file the file of the outputs, for the message
   * @param outputs all of them
   * @throws ModelLoadException if none has the embeddings, or it is not clear which
   */
  public static EmbeddingOutput of(Path file, List<Port> outputs) {
    for (String name : TOKEN_VECTORS) {
      Optional<Port> port = named(outputs, name);
      if (port.isPresent()) {
        return checked(file, port.get(), 3);
      }
    }
    Optional<Port> sentence = named(outputs, POOLED);
    if (sentence.isPresent()) {
      return checked(file, sentence.get(), 2);
    }
    for (Port port : outputs) {
      String what = otherPurpose(port);
      if (!what.isEmpty()) {
        throw new ModelLoadException(
            "%s gives %s, %s, and no embeddings. %s".formatted(file, port.name(), what, REMEDY));
      }
    }
    if (outputs.size() != 1) {
      throw new ModelLoadException(
          "%s gives %s outputs (%s), none of which has a known name (%s, %s), so it is not clear"
                  .formatted(
                      file,
                      outputs.size(),
                      outputs.stream().map(Port::name).collect(Collectors.joining(", ")),
                      String.join(", ", TOKEN_VECTORS),
                      POOLED)
              + " which of them is the embedding: rename it in the file, or export it again.");
    }
    Port only = outputs.get(0);
    return checked(file, only, only.shape().size() == 2 ? 2 : 3);
  }

  private static Optional<Port> named(List<Port> outputs, String name) {
    return outputs.stream().filter(port -> port.name().equals(name)).findFirst();
  }

  /**
   * The output of a cross-encoder: {@code logits}, or the only output, [batch, 1] or [batch, 1, 1],
   * as some exporters write it. If the last of two axes has no fixed size, it is assumed to be 1,
   * because the model's configuration states one class.
   *
   * @param file the file of the outputs, for the message
   * @param outputs all of them
   * @throws ModelLoadException if none is the score of one class
   */
  public static EmbeddingOutput score(Path file, List<Port> outputs) {
    Port port =
        named(outputs, LOGITS)
            .or(() -> outputs.stream().filter(only -> outputs.size() == 1).findFirst())
            .orElse(null);
    if (port == null || !port.type().equals("float32") || !isOneNumber(port.shape())) {
      throw new ModelLoadException(
          "%s gives %s; a cross-encoder gives %s, float32 [batch, 1] or [batch, 1, 1]. Export it with its head (task"
                  .formatted(
                      file,
                      outputs.stream().map(Port::toString).collect(Collectors.joining("; ")),
                      LOGITS)
              + " text-classification).");
    }
    return new EmbeddingOutput(port.name(), true, 1);
  }

  private static boolean isOneNumber(List<Long> shape) {
    return switch (shape.size()) {
      case 2 -> Math.abs(shape.get(1)) == 1;
      case 3 -> shape.get(1) == 1 && shape.get(2) == 1;
      default -> false;
    };
  }

  /** The meaning of an output that is not an embedding; empty if its name does not show it. */
  private static String otherPurpose(Port port) {
    return switch (port.name()) {
      case "pooler_output" -> "the tanh layer over the first token, for next-sentence prediction";
      case LOGITS, "scores" ->
          port.shape().size() == 3
              ? "the scores of words at each token: it is a masked language model or a sparse"
                  + " encoder (SPLADE)"
              : "the scores of classes: it is a classifier or a cross-encoder, which rates pairs"
                  + " of texts";
      default -> "";
    };
  }

  private static EmbeddingOutput checked(Path file, Port port, int rank) {
    if (!port.type().equals("float32")) {
      throw new ModelLoadException(
          "%s gives %s in %s, but only float32 is supported: export the model in float32, or add a"
                  .formatted(file, port.name(), port.type())
              + " Cast to its end.");
    }
    List<Long> shape = port.shape();
    if (shape.size() != rank || shape.get(rank - 1) < 1) {
      throw new ModelLoadException(
          "%s: the output %s is expected to be %s with a fixed size of the last axis. %s"
              .formatted(
                  file, port, rank == 3 ? "[batch, sequence, hidden]" : "[batch, hidden]", REMEDY));
    }
    return new EmbeddingOutput(port.name(), rank == 2, Math.toIntExact(shape.get(rank - 1)));
  }

  /** For people, for example {@code last_hidden_state, a vector of 384 numbers for each token}. */
  @Override
  public String toString() {
    return "%s, a vector of %s numbers for each %s"
        .formatted(name, width, pooled ? "text" : "token");
  }
}
