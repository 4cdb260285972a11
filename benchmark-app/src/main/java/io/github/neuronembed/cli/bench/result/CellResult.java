package io.github.neuronembed.cli.bench.result;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The result of one cell: its figures, or the reason why there are none.
 *
 * @param failure why it failed; null if it did not
 * @param figures null if it failed
 * @param steps the rates that a search for the highest rate tried
 * @param quality how close the vectors are to the reference
 * @param published the published figures of the cell; null if there are none
 * @param remarks sentences that a reader of the figures must know
 */
public record CellResult(
    Cell cell,
    @Nullable String failure,
    @Nullable Figures figures,
    List<RateStep> steps,
    Quality quality,
    @Nullable Published published,
    List<String> remarks) {

  /** A cell without figures. */
  public static CellResult failed(
      Cell cell,
      String reason,
      List<RateStep> steps,
      Quality quality,
      @Nullable Published published) {
    return new CellResult(cell, reason, null, steps, quality, published, List.of());
  }

  /**
   * Throughput with stalls divided by the published throughput; NaN if one is missing. Stalls lower
   * our throughput, so the ratio never looks better than it is.
   */
  public double ratioToPublished() {
    return figures == null || published == null
        ? Double.NaN
        : figures.throughput().withStalls() / published.throughput();
  }

  /** The confidence interval of {@link #ratioToPublished}, from our own measurement only. */
  public Interval ratioInterval() {
    return figures == null || published == null
        ? Interval.UNKNOWN
        : figures.throughput().interval().dividedBy(published.throughput());
  }
}
