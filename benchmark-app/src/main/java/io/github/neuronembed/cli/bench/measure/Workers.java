package io.github.neuronembed.cli.bench.measure;

import io.github.neuronembed.cli.bench.figures.Measurement;
import io.github.neuronembed.cli.bench.figures.Stages;
import io.github.neuronembed.cli.bench.figures.Timers;
import io.github.neuronembed.cli.bench.load.Arrivals;
import io.github.neuronembed.cli.bench.result.Cell;
import io.github.neuronembed.cli.bench.result.Figures;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CompletionService;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Workers that make calls. The measured time contains neither loading nor warming up, and all
 * workers begin together. A call that arrives while all workers are busy waits for the first free
 * worker; its latency counts from its arrival.
 */
public final class Workers {

  /** The number of warm-up windows that must agree, and how closely. */
  private static final int STEADY_WINDOWS = 3;

  private static final double STEADY_WITHIN = 0.1;
  private static final int CALLS_PER_WINDOW = 5;
  private static final long SPIN_NANOS = 200_000;

  private final Service service;
  private final Cell cell;
  private final StopSignal stop;

  /**
   * @param service the caller keeps it and closes it
   * @param stop ends the workers early; what they recorded so far counts
   */
  public Workers(Service service, Cell cell, StopSignal stop) {
    this.service = service;
    this.cell = cell;
    this.stop = stop;
  }

  /** The parameters of one run. */
  private record Run(Arrivals arrivals, long limitNanos, long warmUpNanos, AtomicLong calls) {}

  /** Where all workers wait for each other before the next step. */
  private static final class Gate {
    private final CyclicBarrier ready;
    private final CyclicBarrier go;
    private volatile long start;
    private volatile @Nullable ProcessWatch watch;

    Gate(int workers, Service service) {
      this.ready = new CyclicBarrier(workers);
      this.go =
          new CyclicBarrier(
              workers,
              () -> {
                service.forget();
                watch = new ProcessWatch();
                start = System.nanoTime();
              });
    }
  }

  /**
   * Measures.
   *
   * @param arrivals when calls begin
   * @param offeredRate the rate of these calls in rows per second; NaN if the workers decide
   * @param limitNanos a call that has not begun by this time is given up: more calls arrive than
   *     are served
   * @param warmUpNanos how long warming up may take
   * @return what the workers recorded
   * @throws BacklogException if calls were given up
   */
  public Measurement run(Arrivals arrivals, double offeredRate, long limitNanos, long warmUpNanos)
      throws InterruptedException {
    Gate gate = new Gate(cell.workers(), service);
    Run run = new Run(arrivals, limitNanos, warmUpNanos, new AtomicLong());
    ExecutorService workers = Executors.newFixedThreadPool(cell.workers());
    CompletionService<Measurement.Work> ended = new ExecutorCompletionService<>(workers);
    try {
      for (int worker = 0; worker < cell.workers(); worker++) {
        int model = worker / cell.workersPerModel();
        ended.submit(() -> work(model, gate, run));
      }
      List<Measurement.Work> works = new ArrayList<>();
      while (works.size() < cell.workers()) {
        works.add(ended.take().get());
      }
      ProcessWatch watch = gate.watch;
      Figures.ProcessUse use = watch == null ? Figures.ProcessUse.UNKNOWN : watch.end();
      Stages shared = new Stages();
      service.addTo(shared);
      return new Measurement(works, shared, use, offeredRate, List.of(), stop.isRequested());
    } catch (ExecutionException e) {
      // The other workers may wait at a barrier that will not open: the interrupt below ends them.
      throw e.getCause() instanceof RuntimeException failure
          ? failure
          : new IllegalStateException(e.getCause());
    } finally {
      workers.shutdownNow();
      while (!workers.awaitTermination(1, TimeUnit.SECONDS)) {
        // A worker ends with the execution it is in.
      }
    }
  }

  private Measurement.Work work(int model, Gate gate, Run run)
      throws InterruptedException, BrokenBarrierException {
    try (Service.Caller caller = service.newCaller(model)) {
      gate.ready.await();
      warmUp(caller, run.warmUpNanos());
      gate.go.await();
      long start = gate.start;
      Timers timers = new Timers();
      Stages stages = new Stages();
      long end = System.nanoTime() - start;
      long begin = run.arrivals().next(end);
      while (begin != Arrivals.OVER && !isOver()) {
        if (end > run.limitNanos()) {
          throw new BacklogException(begin / 1e9, end / 1e9);
        }
        await(start + begin);
        if (isOver()) {
          break;
        }
        stages.call(System.nanoTime() - start - begin);
        int rows = caller.call(run.calls().getAndIncrement(), stages);
        end = System.nanoTime() - start;
        timers.add(begin, end, rows);
        begin = run.arrivals().next(end);
      }
      return new Measurement.Work(timers, stages);
    }
  }

  /** Whether the run was stopped, or another worker failed, which interrupts this one. */
  private boolean isOver() {
    return stop.isRequested() || Thread.currentThread().isInterrupted();
  }

  /** Sleeps until just before the time and then spins, because waking up is not exact enough. */
  private void await(long nanoTime) throws InterruptedException {
    long left = nanoTime - System.nanoTime();
    while (left > 0 && !stop.isRequested()) {
      if (left > SPIN_NANOS) {
        TimeUnit.NANOSECONDS.sleep(Math.min(left - SPIN_NANOS, StopSignal.LOOK_NANOS));
      } else {
        Thread.onSpinWait();
      }
      left = nanoTime - System.nanoTime();
    }
  }

  /**
   * Makes calls until the median of a window agrees with those of the windows before; at least one.
   */
  private void warmUp(Service.Caller caller, long limitNanos) {
    long start = System.nanoTime();
    Stages forgotten = new Stages();
    double last = 0;
    int steady = 0;
    do {
      long[] nanos = new long[CALLS_PER_WINDOW];
      for (int i = 0; i < nanos.length; i++) {
        long begin = System.nanoTime();
        // Uses the same first rows in every window: with different lengths, windows would not
        // agree.
        caller.call(i, forgotten);
        long end = System.nanoTime();
        nanos[i] = end - begin;
        // With calls of many seconds, a whole window would take longer than the measurement.
        if (end - start >= limitNanos || isOver()) {
          return;
        }
      }
      Arrays.sort(nanos);
      double median = nanos[nanos.length / 2];
      steady = Math.abs(median - last) <= STEADY_WITHIN * median ? steady + 1 : 1;
      last = median;
    } while (steady < STEADY_WINDOWS);
  }
}
