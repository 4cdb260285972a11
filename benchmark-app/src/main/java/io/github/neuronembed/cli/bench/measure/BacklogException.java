package io.github.neuronembed.cli.bench.measure;

import java.util.Locale;

/** More calls arrive than are served. */
public final class BacklogException extends IllegalStateException {

  private static final long serialVersionUID = 1L;

  public BacklogException(double arrivedSecond, double nowSecond) {
    super(
        String.format(
            Locale.ROOT,
            "calls arrive faster than they are served: calls of second %.1f still"
                + " waited at second %.1f",
            arrivedSecond,
            nowSecond));
  }
}
