package io.github.neuronembed.measurements;

import com.sun.management.ThreadMXBean;
import io.github.neuronembed.advice.ModelledTimes;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.engine.core.Cores;
import io.github.neuronembed.engine.core.ServiceTimes;
import io.github.neuronembed.engine.core.Slot;
import io.github.neuronembed.engine.queue.Batch;
import io.github.neuronembed.engine.queue.Buckets;
import io.github.neuronembed.engine.queue.Group;
import io.github.neuronembed.engine.queue.PackedBatches;
import io.github.neuronembed.engine.queue.Request;
import io.github.neuronembed.engine.queue.RequestQueue;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.IntSupplier;

/** Measures the time and the allocation of choosing a batch among 256 waiting texts of a lane. */
public final class ChoiceTime {

  private static final int WAITING = 256;
  private static final int ROUNDS = 20_000;
  private static final List<Shape> SHAPES =
      List.of(
          new Shape(1, 64, 8),
          new Shape(8, 64, 8),
          new Shape(1, 256, 32),
          new Shape(1, 384, 48),
          new Shape(1, 512, 64),
          new Shape(1, 512));

  private ChoiceTime() {}

  /** Runs the measurement. */
  public static void main(String[] arguments) throws IOException {
    System.out.printf(
        Locale.ROOT,
        "a choice among %s waiting texts, six shapes%n%-26s %10s %10s %10s%n",
        WAITING,
        "",
        "median µs",
        "p99 µs",
        "bytes");
    for (TextLengths workload : TextLengths.values()) {
      Buckets buckets = new Buckets(SHAPES);
      RequestQueue queue =
          new RequestQueue(
              buckets, new PackedBatches(buckets), 0.1, Integer.MAX_VALUE, Long.MAX_VALUE);
      IntSupplier lengths = workload.draws(1);
      for (int i = 0; i < WAITING; i++) {
        int length = lengths.getAsInt();
        Request request = new Request(new int[1][length], buckets.bucketOf(length));
        queue.offer(new Group(List.of(request), false, false, true, 0, Group.NO_DEADLINE), false);
      }
      long[] nanos = new long[ROUNDS];
      long bytes = rounds(queue, new Batch(buckets.mostTexts()), times(), nanos);
      Arrays.sort(nanos);
      System.out.printf(
          Locale.ROOT,
          "%-26s %10.1f %10.1f %10.2f%n",
          workload.title,
          nanos[ROUNDS / 2] / 1e3,
          nanos[(int) (ROUNDS * 0.99)] / 1e3,
          (double) bytes / ROUNDS);
    }
  }

  private static ServiceTimes times() {
    Cores cores = new Cores(List.of(0), 1, true, SHAPES);
    Slot slot = cores.slots().get(0);
    for (Shape shape : SHAPES) {
      cores.begin(slot, shape, 0);
      cores.end(slot, true, 0, new ModelledTimes().nanos(shape));
    }
    return cores.all().get(0).times();
  }

  /**
   * Takes a batch and puts it back, first without measuring, then once for each element of {@code
   * nanos}. Returns the bytes that the measured rounds allocated.
   */
  private static long rounds(RequestQueue queue, Batch batch, ServiceTimes times, long[] nanos) {
    ThreadMXBean thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = 0;
    for (int i = -nanos.length; i < nanos.length; i++) {
      if (i == 0) {
        before = thread.getCurrentThreadAllocatedBytes();
      }
      Request leader = Objects.requireNonNull(queue.leader(0, 0));
      long start = System.nanoTime();
      queue.take(leader, times, batch);
      long took = System.nanoTime() - start;
      if (i >= 0) {
        nanos[i] = took;
      }
      for (int k = batch.size() - 1; k >= 0; k--) {
        queue.putBack(batch.request(k));
      }
      batch.clear();
    }
    return thread.getCurrentThreadAllocatedBytes() - before;
  }
}
