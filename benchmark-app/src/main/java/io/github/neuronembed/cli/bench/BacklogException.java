package io.github.neuronembed.cli.bench;

import java.util.Locale;

/** More calls arrive than are served. */
final class BacklogException extends IllegalStateException {

  private static final long serialVersionUID = 1L;

  BacklogException(double arrivedSecond, double nowSecond) {
    super(
        String.format(
            Locale.ROOT,
            "more arrives than is served: calls of second %.1f still waited at second %.1f",
            arrivedSecond,
            nowSecond));
  }
}
