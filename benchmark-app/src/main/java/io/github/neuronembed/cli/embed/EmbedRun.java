package io.github.neuronembed.cli.embed;

import com.google.gson.JsonPrimitive;
import io.github.neuronembed.TextEmbedder;
import io.github.neuronembed.TextTooLongException;
import io.github.neuronembed.TokenizedText;
import io.github.neuronembed.TruncationPolicy;
import io.github.neuronembed.cli.Progress;
import io.github.neuronembed.engine.RequestOptions;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** The state of one run: a window of texts in flight, the oldest of which is written next. */
final class EmbedRun {

  /** Texts in flight at once: enough to fill batches of one length from mixed texts. */
  private static final int WINDOW = 512;

  /** A text in flight. */
  private record Pending(
      JsonPrimitive id, String where, TokenizedText tokens, CompletableFuture<float[]> vector) {}

  private final TextEmbedder embedder;
  private final TruncationPolicy truncation;
  private final VectorWriter writer;
  private final Progress progress;
  private final boolean keepGoing;
  private final boolean countAll;
  private final Deque<Pending> window = new ArrayDeque<>();
  private long badLines;
  private long cut;

  /**
   * @param countAll whether all tokens of a text that is cut are counted
   */
  EmbedRun(
      TextEmbedder embedder,
      TruncationPolicy truncation,
      VectorWriter writer,
      Progress progress,
      boolean keepGoing,
      boolean countAll) {
    this.embedder = embedder;
    this.truncation = truncation;
    this.writer = writer;
    this.progress = progress;
    this.keepGoing = keepGoing;
    this.countAll = countAll;
  }

  void embedAll(TextSource source) throws IOException, InterruptedException {
    while (true) {
      // The input may be interactive: available texts are embedded and shown before waiting for
      // more.
      if (!window.isEmpty() && source.wouldBlock()) {
        drain();
      }
      try {
        TextLine line = source.next();
        if (line == null) {
          return;
        }
        submit(line);
      } catch (BadLineException e) {
        bad(e);
      }
      while (!window.isEmpty() && (window.size() > WINDOW || window.peek().vector().isDone())) {
        writeOldest();
      }
    }
  }

  private void submit(TextLine line) {
    TokenizedText tokens;
    try {
      tokens = embedder.tokenizeText(line.text(), line.type(), truncation, countAll);
    } catch (TextTooLongException e) {
      throw new BadLineException(
          "%s: the text has %s tokens, the model takes %s"
              .formatted(line.where(), e.tokenCount(), e.limit()));
    }
    if (tokens.isCut()) {
      cut++;
    }
    window.add(
        new Pending(
            line.id(),
            line.where(),
            tokens,
            embedder.embedTokensAsync(tokens.ids(), RequestOptions.BULK)));
  }

  /** Lines that were skipped. */
  long badLines() {
    return badLines;
  }

  /** Reports how many texts were truncated. */
  void reportCut() {
    if (cut > 0) {
      progress.say(
          "neuron-embed: %s %s truncated at %s tokens; --strict rejects %s."
              .formatted(
                  cut,
                  cut == 1 ? "text was" : "texts were",
                  embedder.maxTokens(),
                  cut == 1 ? "it" : "them"));
    }
  }

  private void bad(BadLineException line) throws IOException, InterruptedException {
    if (!keepGoing) {
      // What came before the bad line is whole and stays.
      drain();
      throw new BadLineException(line.getMessage() + ". --keep-going skips such lines.");
    }
    badLines++;
    progress.say("neuron-embed: skipped " + line.getMessage());
  }

  void drain() throws IOException, InterruptedException {
    while (!window.isEmpty()) {
      writeOldest();
    }
    writer.flush();
  }

  private void writeOldest() throws IOException, InterruptedException {
    Pending oldest = window.remove();
    float[] vector;
    try {
      vector = oldest.vector().get();
    } catch (ExecutionException e) {
      cancelAll();
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IllegalStateException(oldest.where() + ": " + e.getCause(), e);
    } catch (InterruptedException | CancellationException e) {
      cancelAll();
      throw e;
    }
    try {
      writer.write(oldest.id(), oldest.tokens(), vector);
    } catch (IOException e) {
      cancelAll();
      throw e;
    }
    progress.step();
  }

  private void cancelAll() {
    new ArrayList<>(window).forEach(pending -> pending.vector().cancel(false));
    window.clear();
  }
}
