package io.github.neuronembed.cli.bench;

/** More calls arrive than are served. */
final class BacklogException extends IllegalStateException {

  private static final long serialVersionUID = 1L;

  BacklogException(double arrivedSecond, double nowSecond) {
    super(
        "more arrives than is served: calls of second %.1f still waited at second %.1f"
            .formatted(arrivedSecond, nowSecond));
  }
}
