package io.github.neuronembed.engine;

import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A request's outcome as a future; cancelling it withdraws the request. */
final class RequestFuture<T> extends CompletableFuture<T> implements Request.Outcome {

  private final EmbeddingEngine engine;
  private final Function<float[][], T> result;
  @Nullable Request request;

  RequestFuture(EmbeddingEngine engine, Function<float[][], T> result) {
    this.engine = engine;
    this.result = result;
  }

  @Override
  public void vectors(float[][] vectors) {
    complete(result.apply(vectors));
  }

  @Override
  public void failure(RuntimeException reason) {
    completeExceptionally(reason);
  }

  @Override
  public boolean isAbandoned() {
    return isDone();
  }

  @Override
  public boolean cancel(boolean mayInterruptIfRunning) {
    boolean cancelled = super.cancel(mayInterruptIfRunning);
    if (cancelled && request != null) {
      engine.withdraw(request);
    }
    return cancelled;
  }

  /** What depends on it is an ordinary future. */
  @Override
  public <U> CompletableFuture<U> newIncompleteFuture() {
    return new CompletableFuture<>();
  }
}
