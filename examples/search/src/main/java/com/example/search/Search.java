package com.example.search;

import io.github.neuronembed.BackendChoice;
import io.github.neuronembed.EmbeddingException;
import io.github.neuronembed.TextEmbedder;
import io.github.neuronembed.model.ModelDirectory;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Embeds a few passages and a question, and prints the passage that answers it. */
public final class Search {

  private static final List<String> PASSAGES =
      List.of(
          "Hold the power button for ten seconds to restore the factory settings.",
          "Your invoice is sent by mail on the first working day of every month.",
          "To choose a new password, follow the link on the sign-in page.",
          "The warranty covers defects of material for two years.");

  private static final String QUESTION = "I cannot log in any more, I forgot my secret word";

  private Search() {}

  /** Arguments: a model directory, and maybe a backend (auto, onnx, neuron, emulator). */
  public static void main(String[] args) {
    if (args.length < 1 || args.length > 2) {
      System.err.println("usage: Search MODEL_DIRECTORY [auto|onnx|neuron|emulator]");
      System.exit(2);
    }
    BackendChoice backend =
        args.length == 1
            ? BackendChoice.AUTO
            : BackendChoice.valueOf(args[1].toUpperCase(Locale.ROOT));
    try (TextEmbedder embedder =
        TextEmbedder.builder()
            .model(ModelDirectory.open(Path.of(args[0])))
            .backend(backend)
            .build()) {
      System.out.println("backend: " + embedder.backend());
      System.out.println("because: " + embedder.backendReason());
      List<float[]> passages = embedder.embedPassages(PASSAGES);
      float[] question = embedder.embedQuery(QUESTION);
      int best = 0;
      for (int i = 1; i < passages.size(); i++) {
        if (dot(question, passages.get(i)) > dot(question, passages.get(best))) {
          best = i;
        }
      }
      System.out.printf(
          Locale.ROOT,
          "best: %.3f %s%n",
          dot(question, passages.get(best)),
          PASSAGES.get(best));
    } catch (EmbeddingException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }

  /** The cosine, as bge's vectors have length 1. */
  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }
}
