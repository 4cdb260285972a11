package io.github.neuronembed;

import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** A future whose value is made from another future's value, for requests that can be withdrawn. */
final class ResultFuture {

  private ResultFuture() {}

  /**
   * A future that ends as another does, its value turned into a result on the thread that completes
   * it. {@link CompletableFuture#thenApply} is not enough: cancelling its future does not cancel
   * the other one, and it wraps failures.
   *
   * @param source cancelled when the future ends before it
   */
  static <T, R> CompletableFuture<R> of(CompletableFuture<T> source, Function<T, R> result) {
    CompletableFuture<R> future = new CompletableFuture<>();
    CompletableFuture<T> unusedArrival =
        source.whenComplete(
            (value, failure) -> {
              if (failure != null) {
                future.completeExceptionally(failure);
                return;
              }
              try {
                future.complete(result.apply(value));
              } catch (RuntimeException | Error e) {
                future.completeExceptionally(e);
              }
            });
    CompletableFuture<R> unusedWithdrawal =
        future.whenComplete((value, failure) -> source.cancel(false));
    return future;
  }
}
