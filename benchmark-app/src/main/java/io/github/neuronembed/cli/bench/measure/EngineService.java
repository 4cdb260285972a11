package io.github.neuronembed.cli.bench.measure;

import io.github.neuronembed.backend.InferenceBackend;
import io.github.neuronembed.backend.TokenRow;
import io.github.neuronembed.cli.bench.figures.Stages;
import io.github.neuronembed.cli.bench.load.Inputs;
import io.github.neuronembed.engine.EmbeddingEngine;
import io.github.neuronembed.engine.EngineListener;
import io.github.neuronembed.engine.EngineOptions;
import io.github.neuronembed.engine.RequestOptions;
import io.github.neuronembed.engine.VectorReader;
import java.util.Arrays;
import java.util.List;

/**
 * Calls as an application makes them: workers submit their rows to an engine, which queues and
 * batches them and distributes them over all replicas. Slots and workers are independent of each
 * other.
 */
public final class EngineService implements Service {

  private final EmbeddingEngine engine;
  private final Inputs inputs;
  private final int rowsPerCall;
  private final boolean pairs;
  private final Listener listener = new Listener();

  /**
   * @param backend this service closes it
   * @param slots of each replica
   * @param pairs whether rows are pairs, which the engine joins itself, as for a reranker
   */
  public EngineService(
      InferenceBackend backend,
      VectorReader reader,
      int rowsPerCall,
      int slots,
      int vocabularySize,
      boolean pairs,
      Inputs inputs) {
    this.pairs = pairs;
    this.inputs = inputs;
    this.rowsPerCall = rowsPerCall;
    this.engine =
        EmbeddingEngine.start(
            backend,
            reader,
            vocabularySize,
            EngineOptions.builder().slotsPerReplica(slots).listener(listener).build());
  }

  @Override
  public Caller newCaller(int model) {
    return new EngineCaller();
  }

  @Override
  public void forget() {
    listener.take();
  }

  @Override
  public void addTo(Stages stages) {
    stages.add(listener.take());
  }

  @Override
  public void close() {
    engine.close();
  }

  private final class EngineCaller implements Caller {

    @Override
    public int call(long number, Stages stages) {
      TokenRow[] rows = SlotService.take(inputs, number, rowsPerCall, stages);
      if (pairs) {
        engine.computePairs(List.of(rows), RequestOptions.INTERACTIVE);
      } else {
        int[][] ids = Arrays.stream(rows).map(TokenRow::ids).toArray(int[][]::new);
        engine.embedBatch(ids, RequestOptions.INTERACTIVE);
      }
      return rows.length;
    }

    @Override
    public void close() {}
  }

  /** Adds up what the engine reports on its threads. */
  private static final class Listener implements EngineListener {

    private Stages stages = new Stages();

    @Override
    public synchronized void executed(Execution execution) {
      stages.executed(
          execution.computedTokens(),
          execution.writeNanos(),
          execution.executeNanos(),
          execution.readNanos());
    }

    @Override
    public synchronized void ended(RequestEnd end) {
      stages.queued(end.queueNanos());
    }

    synchronized Stages take() {
      Stages taken = stages;
      stages = new Stages();
      return taken;
    }
  }
}
