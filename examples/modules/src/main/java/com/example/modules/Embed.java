package com.example.modules;

import io.github.neuronembed.BackendChoice;
import io.github.neuronembed.EmbeddingException;
import io.github.neuronembed.TextEmbedder;
import io.github.neuronembed.model.ModelDirectory;
import java.nio.file.Path;
import java.util.Locale;

/** Embeds a text, and says in which modules. Arguments: a model directory and a backend. */
public final class Embed {

  private Embed() {}

  public static void main(String[] args) {
    if (args.length != 2) {
      System.err.println("usage: Embed MODEL_DIRECTORY auto|onnx|cpu|neuron|emulator");
      System.exit(2);
    }
    try (TextEmbedder embedder =
        TextEmbedder.builder()
            .model(ModelDirectory.open(Path.of(args[0])))
            .backend(BackendChoice.valueOf(args[1].toUpperCase(Locale.ROOT)))
            .build()) {
      System.out.println(
          "modules: " + Embed.class.getModule() + ", " + TextEmbedder.class.getModule());
      System.out.println("backend: " + embedder.backend());
      System.out.printf(
          Locale.ROOT, "first number: %.4f%n", embedder.embedQuery("what holds the bridge up")[0]);
    } catch (EmbeddingException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }
}
