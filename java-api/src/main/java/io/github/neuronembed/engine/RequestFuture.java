package io.github.neuronembed.engine;

import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * What becomes of a call, for who does not wait. However it is completed, the call is withdrawn.
 */
final class RequestFuture<T> extends CompletableFuture<T> {

  private final Function<float[][], T> result;

  RequestFuture(Function<float[][], T> result) {
    this.result = result;
  }

  /** From now on every completion withdraws the call, unless it is over. */
  void of(Call call, Consumer<Call> withdraw) {
    CompletableFuture<T> unused =
        whenComplete(
            (value, failure) -> {
              if (!call.isTold()) {
                withdraw.accept(call);
              }
            });
  }

  void succeed(float[][] vectors) {
    complete(result.apply(vectors));
  }

  /** What depends on it is an ordinary future. */
  @Override
  public <U> CompletableFuture<U> newIncompleteFuture() {
    return new CompletableFuture<>();
  }
}
