package io.github.neuronembed.backend.onnx;

import io.github.neuronembed.BackendChoice;
import io.github.neuronembed.TextEmbedder;
import io.github.neuronembed.model.ModelDirectory;
import java.nio.file.Path;

/**
 * The main program of a process that exits during embedding. The first argument is one of these:
 * {@code drain} ends its calls in an exit hook as a server does, {@code busy} never stops, {@code
 * idle} closes nothing, {@code gates} has a second gate as with another class loader. The second
 * argument is a model directory.
 */
final class ExitProbe {

  private ExitProbe() {}

  public static void main(String[] args) {
    TextEmbedder embedder =
        TextEmbedder.builder()
            .model(ModelDirectory.open(Path.of(args[1])))
            .backend(BackendChoice.ONNX)
            .preparedGraph(false)
            .build();
    System.out.println("numbers before: " + embedder.embedPassage("the fox").length);
    if (args[0].equals("drain")) {
      Runtime.getRuntime().addShutdownHook(new Thread(() -> drain(embedder)));
    }
    if (args[0].equals("gates")) {
      new ExitGate(() -> System.out.println("second gate closed")).install();
    }
    if (args[0].equals("busy")) {
      for (int i = 0; i < 4; i++) {
        Thread busy = new Thread(() -> embedForEver(embedder));
        busy.setDaemon(true);
        busy.start();
      }
    }
    System.exit(7);
  }

  /** Requests come late, after pauses; then the embedder is closed. */
  private static void drain(TextEmbedder embedder) {
    try {
      for (int i = 0; i < 3; i++) {
        Thread.sleep(400);
        System.out.println("numbers in the hook: " + embedder.embedPassage("the fox").length);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    embedder.close();
    System.out.println("closed");
  }

  private static void embedForEver(TextEmbedder embedder) {
    while (true) {
      embedder.embedPassage("the fox");
    }
  }
}
