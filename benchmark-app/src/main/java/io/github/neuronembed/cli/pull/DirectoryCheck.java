package io.github.neuronembed.cli.pull;

import io.github.neuronembed.BackendChoice;
import io.github.neuronembed.EmbeddingException;
import io.github.neuronembed.TextEmbedder;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.Precision;
import java.nio.file.Path;

/** Whether a directory can be served: every graph in it embeds a text, on this machine's CPU. */
final class DirectoryCheck {

  private DirectoryCheck() {}

  /**
   * Checks a directory.
   *
   * @throws HubException if it cannot be used; the message says why
   */
  static void require(Path folder) throws HubException {
    try {
      ModelDirectory model = ModelDirectory.open(folder);
      for (Precision precision : model.onnxPrecisions()) {
        try (TextEmbedder embedder =
            TextEmbedder.builder()
                .model(model)
                .backend(BackendChoice.ONNX)
                .precision(precision)
                .preparedGraph(false)
                .build()) {
          embedder.embedPassage("ready");
        }
      }
    } catch (EmbeddingException e) {
      throw new HubException(
          "All files have arrived, but the directory cannot be served as it is: %s"
              .formatted(e.getMessage()),
          e);
    }
  }
}
