package io.github.neuronembed.engine;

import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.engine.core.ByShape;
import io.github.neuronembed.engine.core.Core;
import io.github.neuronembed.engine.core.Cores;
import io.github.neuronembed.engine.queue.Buckets;
import io.github.neuronembed.engine.queue.Group;
import io.github.neuronembed.engine.queue.Request;
import io.github.neuronembed.engine.queue.RequestQueue;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The counters. Belongs to the scheduler; counting allocates nothing. */
final class Statistics {

  private long refused;
  private long retried;
  private long notFinite;
  private long requests;
  private long rows;
  private long queueNanos;
  private long completed;
  private long failed;
  private long expired;
  private long cancelled;
  private final ByShape<ShapeTotals> shapes;

  /** Texts accepted, by tokens. */
  private final long[] lengths;

  /** Recent execution time per token of a request; 0 before the first execution. */
  private double nanosPerToken;

  private static final class ShapeTotals {
    long executions;
    long rows;
    long tokens;
    long computedTokens;
    long nanos;
  }

  private record ShapeSums(
      long executions, long rows, long tokens, long computedTokens, long executeNanos)
      implements EngineSnapshot.ShapeSums {}

  Statistics(Buckets buckets) {
    this.lengths = new long[buckets.longest() + 1];
    List<Shape> all = new ArrayList<>();
    for (int bucket = 0; bucket < buckets.count(); bucket++) {
      all.addAll(buckets.shapes(bucket));
    }
    this.shapes = new ByShape<>(all, ShapeTotals::new);
  }

  void accepted(Group group) {
    requests += group.requests.size();
    for (int i = 0; i < group.requests.size(); i++) {
      int[][] texts = group.requests.get(i).rows;
      rows += texts.length;
      for (int[] row : texts) {
        lengths[row.length]++;
      }
    }
  }

  void refused() {
    refused++;
  }

  void retried() {
    retried++;
  }

  void notFinite() {
    notFinite++;
  }

  void begun(Request request) {
    queueNanos += request.startNanos - request.group().madeNanos;
  }

  void ended(Request.Outcome outcome) {
    switch (outcome) {
      case COMPLETED -> completed++;
      case FAILED -> failed++;
      case EXPIRED -> expired++;
      case CANCELLED -> cancelled++;
    }
  }

  void executed(Lease lease) {
    ShapeTotals sums = shapes.get(lease.batch.shape());
    sums.executions++;
    sums.rows += lease.batch.rows();
    sums.tokens += lease.batch.tokens();
    sums.computedTokens += lease.computedTokens();
    sums.nanos += lease.nanos();
    double observed = (double) lease.nanos() / lease.batch.tokens();
    nanosPerToken = nanosPerToken == 0 ? observed : nanosPerToken * 0.95 + observed * 0.05;
  }

  /** How long tokens take to serve at the recent rate; at least a millisecond. */
  Duration timeFor(long tokens, int slots) {
    long nanos = (long) (nanosPerToken / Math.max(1, slots) * tokens);
    return Duration.ofNanos(Math.max(1_000_000, nanos));
  }

  /**
   * @param closing whether the engine accepts no more requests
   */
  EngineHealth health(Cores cores, boolean closing) {
    Map<Integer, String> failures = new TreeMap<>();
    for (Core core : cores.all()) {
      if (core.failure() != null) {
        failures.put(core.index(), String.valueOf(core.failure().getMessage()));
      }
    }
    EngineHealth.State state =
        closing || failures.size() == cores.all().size()
            ? EngineHealth.State.FAILED
            : failures.isEmpty() ? EngineHealth.State.READY : EngineHealth.State.DEGRADED;
    return new EngineHealth(state, failures);
  }

  EngineSnapshot snapshot(Cores cores, RequestQueue queue, boolean closing) {
    Map<Integer, Long> byLength = new TreeMap<>();
    for (int length = 0; length < lengths.length; length++) {
      if (lengths[length] > 0) {
        byLength.put(length, lengths[length]);
      }
    }
    Map<Lane, Integer> byLane = new EnumMap<>(Lane.class);
    for (Lane lane : Lane.values()) {
      byLane.put(lane, queue.lane(lane == Lane.BULK).requests());
    }
    List<EngineSnapshot.CoreState> states = new ArrayList<>();
    for (Core core : cores.all()) {
      String failure = core.failure() == null ? null : String.valueOf(core.failure().getMessage());
      states.add(
          new EngineSnapshot.CoreState(core.index(), core.executions(), core.busySlots(), failure));
    }
    Map<Shape, EngineSnapshot.ShapeSums> byShape = new TreeMap<>();
    shapes.forEach(
        (shape, sums) -> {
          if (sums.executions > 0) {
            byShape.put(
                shape,
                new ShapeSums(
                    sums.executions, sums.rows, sums.tokens, sums.computedTokens, sums.nanos));
          }
        });
    long ended = completed + failed + expired + cancelled;
    return new Taken(
        health(cores, closing),
        requests,
        rows,
        completed,
        failed,
        notFinite,
        refused,
        expired,
        cancelled,
        retried,
        queue.requests(),
        queue.tokens(),
        Collections.unmodifiableMap(byLane),
        (int) (requests - ended - queue.requests()),
        Collections.unmodifiableMap(byShape),
        List.copyOf(states),
        Collections.unmodifiableMap(byLength),
        queueNanos);
  }

  private record Taken(
      EngineHealth health,
      long requests,
      long rows,
      long completed,
      long failed,
      long notFinite,
      long refused,
      long expired,
      long cancelled,
      long retried,
      int queuedRequests,
      long queuedTokens,
      Map<Lane, Integer> queuedByLane,
      int runningRequests,
      Map<Shape, EngineSnapshot.ShapeSums> shapes,
      List<EngineSnapshot.CoreState> cores,
      Map<Integer, Long> lengths,
      long queueNanos)
      implements EngineSnapshot {}
}
