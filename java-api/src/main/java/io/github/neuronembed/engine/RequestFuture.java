package io.github.neuronembed.engine;

import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The result of a call for a caller that does not block. The call is withdrawn however the future
 * is completed.
 */
final class RequestFuture<T> extends CompletableFuture<T> {

  private final Function<float[][], T> result;

  RequestFuture(Function<float[][], T> result) {
    this.result = result;
  }

  /** From now on every completion withdraws the call, unless it has ended. */
  void of(Call call, Consumer<Call> withdraw) {
    CompletableFuture<T> unused =
        whenComplete(
            (value, failure) -> {
              if (!call.isNotified()) {
                withdraw.accept(call);
              }
            });
  }

  void succeed(float[][] vectors) {
    complete(result.apply(vectors));
  }

  /** Dependent stages are ordinary futures. */
  @Override
  public <U> CompletableFuture<U> newIncompleteFuture() {
    return new CompletableFuture<>();
  }
}
