package io.github.neuronembed.engine.queue;

import io.github.neuronembed.backend.FirstFit;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.engine.core.ServiceTimes;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Chooses among packed and plain shapes: several texts in a row, or one. For each shape that holds
 * the leader, it places the requests of the leader's lane by first fit, the oldest first. It takes
 * the shape with the most tokens per unit of time, so that a token costs least. The remaining space
 * costs nothing: requests of the other lane fill it.
 *
 * <p>Allocates nothing after its construction.
 */
public final class PackedBatches implements BatchPolicy {

  /** The most requests of a lane that one choice examines. */
  private static final int MOST_CANDIDATES = 256;

  /** The fixed cost of an execution, in tokens; used while any shape has no measured time. */
  private static final long TOKENS_PER_EXECUTION = 16;

  private final int buckets;

  /** For each shape, what it would hold. */
  private final List<FirstFit> fits = new ArrayList<>();

  /** For each bucket of a lane, the next request by age. */
  private final @Nullable Request[] next;

  /** The oldest requests of a lane except the leader, by age; empty between calls. */
  private final List<Request> candidates = new ArrayList<>(MOST_CANDIDATES);

  /** Tokens of each candidate with one text; 0 for those with several. */
  private final int[] lengths = new int[MOST_CANDIDATES];

  public PackedBatches(Buckets buckets) {
    this.buckets = buckets.count();
    this.next = new Request[this.buckets];
    for (int bucket = 0; bucket < this.buckets; bucket++) {
      buckets.shapes(bucket).forEach(shape -> fits.add(new FirstFit(shape)));
    }
  }

  @Override
  public boolean isFull(Request leader, RequestQueue waiting) {
    look(waiting.lane(leader.group().bulk), leader);
    FirstFit most = null;
    for (int i = 0; i < fits.size(); i++) {
      FirstFit fit = fits.get(i);
      if (begin(fit, leader) && (most == null || fit.shape().tokens() >= most.shape().tokens())) {
        most = fit;
      }
    }
    boolean full = most != null && (!placeCandidates(most) || most.isFull());
    candidates.clear();
    return full;
  }

  @Override
  public boolean fills(Request request) {
    boolean full = true;
    for (int i = 0; i < fits.size(); i++) {
      full &= !begin(fits.get(i), request) || fits.get(i).isFull();
    }
    return full;
  }

  @Override
  public Shape shapeFor(Request request, ServiceTimes times) {
    return best(request, times).shape();
  }

  @Override
  public void choose(Request leader, RequestQueue waiting, ServiceTimes times, Batch batch) {
    boolean bulk = leader.group().bulk;
    look(waiting.lane(bulk), leader);
    FirstFit best = best(leader, times);
    batch.shape(best.shape());
    batch.add(leader);
    begin(best, leader);
    fill(best, batch);
    batch.ridersFollow();
    if (!best.isFull()) {
      look(waiting.lane(!bulk), leader);
      fill(best, batch);
    }
    candidates.clear();
  }

  /** The shape with the most tokens per unit of time, among those that hold the leader. */
  private FirstFit best(Request leader, ServiceTimes times) {
    boolean timed = true;
    for (int i = 0; i < fits.size(); i++) {
      timed &= times.nanos(fits.get(i).shape()) > 0;
    }
    FirstFit best = null;
    double bestRate = 0;
    for (int i = 0; i < fits.size(); i++) {
      FirstFit fit = fits.get(i);
      if (begin(fit, leader)) {
        placeCandidates(fit);
        Shape shape = fit.shape();
        double cost = timed ? times.nanosToChooseBy(shape) : shape.tokens() + TOKENS_PER_EXECUTION;
        double rate = fit.tokens() / cost;
        if (rate > bestRate) {
          best = fit;
          bestRate = rate;
        }
      }
    }
    if (best == null) {
      throw new IllegalStateException("No shape holds the request.");
    }
    return best;
  }

  private static boolean begin(FirstFit fit, Request leader) {
    fit.clear();
    return fit.place(leader.rows);
  }

  /** Places the candidates; returns whether all found space. */
  private boolean placeCandidates(FirstFit fit) {
    boolean all = true;
    for (int i = 0; i < candidates.size() && !fit.isFull(); i++) {
      all &= place(fit, i);
    }
    return all;
  }

  private boolean place(FirstFit fit, int candidate) {
    int length = lengths[candidate];
    return length > 0 ? fit.place(length) : fit.place(candidates.get(candidate).rows);
  }

  private void fill(FirstFit fit, Batch batch) {
    for (int i = 0; i < candidates.size() && !fit.isFull(); i++) {
      if (place(fit, i)) {
        batch.add(candidates.get(i));
      }
    }
  }

  /** Makes the oldest requests of a lane the candidates, without the leader. */
  private void look(LaneQueue lane, Request leader) {
    for (int bucket = 0; bucket < buckets; bucket++) {
      next[bucket] = lane.oldest(bucket);
    }
    candidates.clear();
    while (candidates.size() < MOST_CANDIDATES) {
      Request oldest = null;
      for (int bucket = 0; bucket < buckets; bucket++) {
        Request request = next[bucket];
        if (request != null && (oldest == null || request.sequence < oldest.sequence)) {
          oldest = request;
        }
      }
      if (oldest == null) {
        return;
      }
      if (oldest != leader) {
        lengths[candidates.size()] = oldest.rows.length == 1 ? oldest.tokens : 0;
        candidates.add(oldest);
      }
      next[oldest.bucket] = LaneQueue.after(oldest);
    }
  }
}
