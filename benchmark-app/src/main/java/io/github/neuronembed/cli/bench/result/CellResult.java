package io.github.neuronembed.cli.bench.result;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What came of one cell: figures, or the reason why there are none.
 *
 * @param failure why it failed; null if it did not
 * @param figures null if it failed
 * @param steps the rates that were tried, if the highest had to be found
 * @param quality how right the vectors are
 * @param published what was published of the cell; null if nothing was
 * @param remarks what a reader of the figures has to know, in sentences
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
   * Throughput with stalls divided by the published throughput; NaN without either. Stalls count
   * against us, so the ratio never flatters.
   */
  public double ratioToPublished() {
    return figures == null || published == null
        ? Double.NaN
        : figures.throughput().withStalls() / published.throughput();
  }

  /** How sure {@link #ratioToPublished} is, as far as it depends on us. */
  public Interval ratioInterval() {
    return figures == null || published == null
        ? Interval.UNKNOWN
        : figures.throughput().interval().dividedBy(published.throughput());
  }
}
