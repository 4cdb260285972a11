package io.github.neuronembed.spark;

import io.github.neuronembed.InferenceException;
import io.github.neuronembed.TextEmbedder;
import io.github.neuronembed.engine.RequestOptions;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.util.TaskCompletionListener;
import org.jspecify.annotations.Nullable;

/**
 * Embeds the rows of a partition, in order and one window at a time.
 *
 * @param textColumn index of the column of texts
 * @param kind the type of the vectors
 */
record EmbedPartition(int textColumn, VectorKind kind, EmbeddingSettings settings)
    implements MapPartitionsFunction<Row, Row> {

  @Override
  public Iterator<Row> call(Iterator<Row> rows) {
    Window window = new Window(rows, ExecutorEngines.get(settings));
    // The rest of a window is not needed if the task failed, was killed, or needs no more rows.
    TaskContext.get()
        .addTaskCompletionListener((TaskCompletionListener) context -> window.withdraw());
    return window;
  }

  /** A row, and its future vector; none for a null text. */
  private record Pending(Row row, @Nullable CompletableFuture<float[]> vector) {}

  private final class Window implements Iterator<Row> {
    private final Iterator<Row> rows;
    private final TextEmbedder embedder;
    private final ArrayDeque<Pending> pending = new ArrayDeque<>();

    Window(Iterator<Row> rows, TextEmbedder embedder) {
      this.rows = rows;
      this.embedder = embedder;
    }

    @Override
    public boolean hasNext() {
      return !pending.isEmpty() || rows.hasNext();
    }

    @Override
    public Row next() {
      while (pending.size() < settings.window() && rows.hasNext()) {
        pending.add(submit(rows.next()));
      }
      if (pending.isEmpty()) {
        throw new NoSuchElementException();
      }
      Pending first = pending.remove();
      @Nullable Object[] values = new @Nullable Object[first.row.size() + 1];
      for (int i = 0; i < first.row.size(); i++) {
        values[i] = first.row.get(i);
      }
      values[first.row.size()] = first.vector == null ? null : kind.of(await(first.vector));
      return RowFactory.create(values);
    }

    /**
     * Waits for space in the engine's queue, which limits the texts that all tasks have in flight.
     */
    private Pending submit(Row row) {
      String text = row.getString(textColumn);
      return new Pending(
          row,
          text == null
              ? null
              : embedder.embedTokensAsync(
                  embedder.tokenize(text, settings.inputType(), settings.truncation()),
                  RequestOptions.BULK));
    }

    void withdraw() {
      for (Pending row : pending) {
        if (row.vector != null) {
          row.vector.cancel(false);
        }
      }
    }
  }

  /** Waits for the vector. */
  static float[] await(CompletableFuture<float[]> vector) {
    try {
      return vector.get();
    } catch (InterruptedException e) {
      vector.cancel(false);
      Thread.currentThread().interrupt();
      throw new InferenceException("Interrupted while waiting for a vector.", false, e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw new InferenceException(String.valueOf(e.getMessage()), false, e);
    }
  }
}
