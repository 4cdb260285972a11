package io.github.neuronembed.engine;

import static io.github.neuronembed.engine.SchedulerRules.require;

import io.github.neuronembed.DeviceFailureException;
import io.github.neuronembed.EngineOverloadedException;
import io.github.neuronembed.InferenceException;
import io.github.neuronembed.NotFiniteException;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.engine.core.Core;
import io.github.neuronembed.engine.core.Cores;
import io.github.neuronembed.engine.core.ServiceTimes;
import io.github.neuronembed.engine.queue.Batch;
import io.github.neuronembed.engine.queue.BatchPolicy;
import io.github.neuronembed.engine.queue.Buckets;
import io.github.neuronembed.engine.queue.Group;
import io.github.neuronembed.engine.queue.PackedBatches;
import io.github.neuronembed.engine.queue.PlainBatches;
import io.github.neuronembed.engine.queue.Request;
import io.github.neuronembed.engine.queue.RequestQueue;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * One life of a scheduler, from a seed: callers, slots and a clock that are none, and every way in
 * which an execution can end. The rules are checked after every step.
 */
final class SimulatedEngine {

  private static final List<Shape> PLAIN =
      List.of(
          new Shape(1, 8), new Shape(4, 8), new Shape(8, 8), new Shape(4, 32), new Shape(2, 128));
  private static final List<Shape> PACKED =
      List.of(
          new Shape(4, 8),
          new Shape(1, 16, 4),
          new Shape(2, 32, 6),
          new Shape(1, 128, 10),
          new Shape(2, 128));
  private static final int LONGEST = 128;
  private static final int AUDIT_EVERY = 512;

  private final Random random;
  private final Buckets buckets;
  private final RequestQueue queue;
  private final Cores cores;
  private final Scheduler scheduler;
  private final SchedulerRules rules;
  private final boolean waitsForCompany;
  private final int maxRequests;
  private final int maxTokens;
  private final double failureRate;
  private final List<SimulatedGroup> live = new ArrayList<>();
  private final int[][][] rowsOfLength = new int[LONGEST + 1][][];
  private boolean policyThrows;
  private long now = 1;
  private long steps;

  SimulatedEngine(long seed) {
    this.random = new Random(seed);
    boolean fixed = random.nextBoolean();
    boolean packed = fixed && random.nextBoolean();
    List<Shape> shapes = packed ? PACKED : PLAIN;
    this.buckets = new Buckets(shapes);
    BatchPolicy policy = packed ? new PackedBatches(buckets) : new PlainBatches(buckets, fixed);
    double share = random.nextInt(4) == 0 ? 0.4 : 0.1;
    this.waitsForCompany = random.nextInt(4) == 0;
    this.maxRequests = 1 + random.nextInt(200);
    this.maxTokens = 1 + random.nextInt(8_000);
    this.failureRate = random.nextInt(3) == 0 ? 0 : 0.0005;
    this.queue = new RequestQueue(buckets, new Faulty(policy), share, maxRequests, maxTokens);
    int count = 1 + random.nextInt(4);
    this.cores =
        new Cores(IntStream.range(0, count).boxed().toList(), 1 + random.nextInt(3), fixed, shapes);
    this.scheduler = new Scheduler(buckets, queue, cores, waitsForCompany ? 400 : 0);
    this.rules =
        new SchedulerRules(queue, cores, buckets, share, 8 * LONGEST, fixed || waitsForCompany);
    for (int length = 1; length <= LONGEST; length++) {
      rowsOfLength[length] = new int[][] {new int[length], new int[length]};
    }
  }

  /** A policy that now and then has no memory. */
  private final class Faulty implements BatchPolicy {
    private final BatchPolicy policy;

    Faulty(BatchPolicy policy) {
      this.policy = policy;
    }

    @Override
    public void choose(Request leader, RequestQueue waiting, ServiceTimes times, Batch batch) {
      policy.choose(leader, waiting, times, batch);
      rules.chosen(batch);
      if (policyThrows) {
        throw new OutOfMemoryError("simulated");
      }
    }

    @Override
    public boolean isFull(Request leader, RequestQueue waiting) {
      return policy.isFull(leader, waiting);
    }

    @Override
    public boolean fills(Request request) {
      return policy.fills(request);
    }

    @Override
    public Shape shapeFor(Request request, ServiceTimes times) {
      return policy.shapeFor(request, times);
    }
  }

  /** Lives until so many requests were offered, then is closed; returns how many were. */
  long live(long requests) {
    long offered = 0;
    double load = 0.2 + 0.6 * random.nextDouble();
    while (offered < requests && !cores.noneServes()) {
      int dice = random.nextInt(100);
      if (dice < 100 * load * 0.5) {
        offered += offer();
      } else if (dice < 85) {
        serve();
      } else if (dice < 92) {
        withdraw();
      } else {
        now += 1 + random.nextInt(400);
        scheduler.expire(now);
      }
      settle();
    }
    offered += offer();
    settle();
    end();
    return offered;
  }

  private void settle() {
    rules.entered(scheduler.takeEntered());
    rules.ended(scheduler.takeEnded());
    rules.afterStep(scheduler, now);
    if (++steps % AUDIT_EVERY == 0) {
      rules.audit(scheduler);
    }
  }

  private int offer() {
    int size = random.nextInt(20) == 0 ? 2 + random.nextInt(40) : 1;
    boolean bulk = random.nextInt(3) == 0;
    boolean waits = bulk && random.nextBoolean();
    List<Request> requests = new ArrayList<>(size);
    for (int i = 0; i < size; i++) {
      int length = 1 + (random.nextBoolean() ? random.nextInt(8) : random.nextInt(LONGEST));
      int[][] two = rowsOfLength[length];
      int[][] rows = random.nextInt(8) == 0 ? two : new int[][] {two[0]};
      requests.add(new Request(rows, buckets.bucketOf(rows)));
    }
    long deadline = random.nextInt(5) == 0 ? now + random.nextInt(2_000) : Group.NO_DEADLINE;
    SimulatedGroup group = new SimulatedGroup(requests, bulk, waits, now, deadline);
    scheduler.expire(now);
    rules.entered(scheduler.takeEntered());
    rules.ended(scheduler.takeEnded());
    int before = queue.lane(bulk).requests();
    boolean fits =
        before == 0
            || (before + size <= maxRequests
                && queue.lane(bulk).tokens() + group.tokens <= maxTokens);
    boolean room = fits && !(bulk && queue.firstInLine() != null);
    Answer answer = scheduler.admit(group, random.nextInt(3) == 0, true, now);
    if (answer instanceof Answer.Refused refused) {
      boolean overload = refused.reason() instanceof EngineOverloadedException;
      require(overload == refused.overload(), "refused for overload, and not");
      require(
          overload ? !room && !waits : group.isExpired(now) || cores.noneServes(),
          "refused, and there was room");
      require(
          requests.stream().allMatch(r -> r.state == Request.State.NEW), "refused, and taken in");
      return size;
    }
    keep(group);
    if (answer == Answer.Waits.IN_LINE) {
      require(!room && waits, "in line, and there was room");
      rules.inLine(group);
    } else {
      require(room || answer instanceof Lease, "admitted without room");
      if (answer instanceof Lease lease) {
        require(before == 0, "before those that wait");
        rules.admitted(group);
        rules.taken(lease, false, now);
      } else {
        rules.admitted(group);
      }
    }
    return size;
  }

  private void serve() {
    if (!rules.out.isEmpty() && random.nextBoolean()) {
      finish(rules.out.get(random.nextInt(rules.out.size())));
      return;
    }
    boolean expires = random.nextBoolean();
    if (expires) {
      scheduler.expire(now);
    } else {
      now += random.nextInt(100);
    }
    @Nullable Request urgent = queue.lane(false).oldest();
    @Nullable Request patient = queue.lane(true).oldest();
    List<Integer> could = new ArrayList<>();
    for (Core core : cores.all()) {
      if (core.canTakeWork()) {
        could.add(core.index());
      }
    }
    policyThrows = random.nextInt(50) == 0;
    try {
      if (scheduler.next(now) instanceof Lease lease) {
        could.remove((Integer) lease.slot.core.index());
        rules.entered(scheduler.takeEntered());
        // The oldest of before may have expired since.
        rules.leased(lease, urgent, patient, !could.isEmpty(), expires && !waitsForCompany, now);
      }
    } catch (OutOfMemoryError e) {
      require(policyThrows, "an error of its own");
    } finally {
      policyThrows = false;
    }
  }

  /** Every way in which an execution ends. */
  private void finish(Lease lease) {
    now += 1 + random.nextInt(200);
    int dice = random.nextInt(100);
    if (random.nextDouble() < failureRate) {
      lease.failed(new DeviceFailureException("dead", lease.slot.core.index(), null));
    } else if (dice < 3) {
      lease.failed(new InferenceException("again", true));
    } else if (dice < 5) {
      lease.failed(new InferenceException("never", false));
    } else if (dice < 6) {
      lease.failed(new StackOverflowError("deep"));
    } else if (dice < 8) {
      lease.failed(new NotFiniteException("NaN", null));
    } else if (dice >= 9) {
      // At 8 an error came before any end could be noted.
      boolean spoils = dice < 11;
      // In a packed row a text spoils its neighbours.
      for (int i = 0; spoils && i < lease.batch.size(); i++) {
        lease.batch.request(i).spoiled = i == 0 || lease.batch.shape().isPacked();
      }
      lease.succeeded(1, 10, 64, spoils ? new NotFiniteException("NaN", null) : null);
    }
    List<Request> suspects = rules.suspects(lease, scheduler);
    scheduler.finished(lease, now);
    rules.returned(lease);
    require(
        suspects.stream().allMatch(r -> r.state == Request.State.QUEUED && r.alone),
        "failed for another one's text");
    scheduler.expire(now);
  }

  private void keep(SimulatedGroup group) {
    group.liveIndex = live.size();
    live.add(group);
    if (live.size() > 4_000) {
      live.removeIf(Group::isOver);
    }
  }

  private void withdraw() {
    if (live.isEmpty()) {
      return;
    }
    SimulatedGroup group = live.get(random.nextInt(live.size()));
    scheduler.withdraw(group, now);
    require(group.isOver(), "withdrawn, and not over");
    require(
        group.requests.stream().noneMatch(r -> r.state == Request.State.QUEUED),
        "withdrawn, and waits");
  }

  /** Drains for a while, closes with leases out, and lets them come back. */
  private void end() {
    scheduler.startClosing();
    settle();
    for (int i = random.nextInt(2_000); i > 0; i--) {
      serve();
      settle();
    }
    scheduler.close(now);
    settle();
    require(rules.ended == rules.accepted, "closed, and somebody waits");
    while (!rules.out.isEmpty()) {
      finish(rules.out.get(0));
      settle();
    }
    require(scheduler.leasesOut() == 0 && queue.isEmpty(), "closed, and something is left");
    rules.audit(scheduler);
  }

  long ended(Request.Outcome outcome) {
    return rules.ended(outcome);
  }
}
