package io.github.neuronembed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ResultFutureTest {

  private final CompletableFuture<Integer> source = new CompletableFuture<>();
  private final CompletableFuture<String> future = ResultFuture.of(source, i -> "got " + i);

  @Test
  void hasWhatIsMadeOfTheValue() {
    assertThat(future).isNotDone();
    source.complete(3);
    assertThat(future).isCompletedWithValue("got 3");
  }

  @Test
  void failsWithTheSameException() {
    InferenceException failure = new InferenceException("no", false, null);
    source.completeExceptionally(failure);

    assertThatExceptionOfType(ExecutionException.class)
        .isThrownBy(future::get)
        .satisfies(e -> assertThat(e.getCause()).isSameAs(failure));
  }

  @Test
  void failsIfTheResultCannotBeMade() {
    CompletableFuture<String> failing =
        ResultFuture.of(
            source,
            i -> {
              throw new IllegalArgumentException("no");
            });
    source.complete(1);

    assertThat(failing).isCompletedExceptionally();
  }

  @Test
  void cancellingItWithdrawsTheSource() {
    future.cancel(false);
    assertThat(source).isCancelled();
  }

  @Test
  void aTimeoutWithdrawsTheSource() {
    CompletableFuture<String> late = future.orTimeout(1, TimeUnit.NANOSECONDS);

    assertThatExceptionOfType(ExecutionException.class).isThrownBy(late::get);
    assertThat(source).isCancelled();
  }

  @Test
  void cancellingTheSourceCancelsIt() {
    source.cancel(false);
    assertThat(future).isCancelled();
  }
}
