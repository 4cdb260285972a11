package io.github.neuronembed.engine;

import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.engine.EngineSnapshot.ShapeSums;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Sums of what happened. Belongs to the engine's lock. */
final class Statistics {

  long refused;
  long retried;
  private long requests;
  private long rows;
  private long queueNanos;
  private long endedRequests;
  private final Map<Ending, Long> endings = new EnumMap<>(Ending.class);
  private final Map<Shape, ShapeSums> shapes = new TreeMap<>();

  /** Texts accepted, by tokens. */
  private final long[] lengths;

  private double nanosPerToken;

  Statistics(int longest) {
    this.lengths = new long[longest + 1];
  }

  void accepted(Request request) {
    requests++;
    rows += request.rows.length;
    for (int[] row : request.rows) {
      lengths[row.length]++;
    }
  }

  void begun(Request request) {
    queueNanos += request.startNanos - request.madeNanos;
  }

  void ended(Ending ending) {
    endedRequests++;
    endings.merge(ending, 1L, Long::sum);
  }

  void executed(Batch batch, int computedTokens, long nanos) {
    shapes.merge(
        batch.shape(),
        new ShapeSums(1, batch.rows(), batch.tokens(), computedTokens, nanos),
        Statistics::sum);
    double observed = (double) nanos / batch.tokens();
    nanosPerToken = nanosPerToken == 0 ? observed : nanosPerToken * 0.95 + observed * 0.05;
  }

  private static ShapeSums sum(ShapeSums a, ShapeSums b) {
    return new ShapeSums(
        a.executions() + b.executions(),
        a.rows() + b.rows(),
        a.tokens() + b.tokens(),
        a.computedTokens() + b.computedTokens(),
        a.executeNanos() + b.executeNanos());
  }

  /** Lately, execution time for a token of a request; 0 before the first execution. */
  double nanosPerToken() {
    return nanosPerToken;
  }

  EngineSnapshot snapshot(EngineHealth health, Cores cores, RequestQueue queue) {
    Map<Integer, Long> byLength = new TreeMap<>();
    for (int length = 0; length < lengths.length; length++) {
      if (lengths[length] > 0) {
        byLength.put(length, lengths[length]);
      }
    }
    Map<Lane, Integer> byLane = new EnumMap<>(Lane.class);
    for (Lane lane : Lane.values()) {
      byLane.put(lane, queue.requests(lane));
    }
    List<EngineSnapshot.CoreState> states = new ArrayList<>();
    for (Core core : cores) {
      String failure = core.failure == null ? null : String.valueOf(core.failure.getMessage());
      states.add(
          new EngineSnapshot.CoreState(core.index(), core.executions, core.busySlots, failure));
    }
    return new EngineSnapshot(
        health,
        requests,
        rows,
        ended(Ending.COMPLETED, endings),
        ended(Ending.FAILED, endings),
        refused,
        ended(Ending.EXPIRED, endings),
        ended(Ending.CANCELLED, endings),
        retried,
        queue.requests(),
        queue.tokens(),
        Collections.unmodifiableMap(byLane),
        (int) (requests - endedRequests - queue.requests()),
        byShape(),
        List.copyOf(states),
        Collections.unmodifiableMap(byLength),
        queueNanos);
  }

  private Map<Shape, ShapeSums> byShape() {
    Map<Shape, ShapeSums> copy = new TreeMap<>();
    copy.putAll(shapes);
    return Collections.unmodifiableMap(copy);
  }

  private static long ended(Ending ending, Map<Ending, Long> endings) {
    return endings.getOrDefault(ending, 0L);
  }
}
