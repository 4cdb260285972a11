package io.github.neuronembed.cli.bench.measure;

import io.github.neuronembed.backend.ExecutionSlot;
import io.github.neuronembed.backend.InferenceBackend;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.StageTimes;
import io.github.neuronembed.backend.TokenBatch;
import io.github.neuronembed.backend.TokenRow;
import io.github.neuronembed.cli.bench.figures.Stages;
import io.github.neuronembed.cli.bench.load.Inputs;
import io.github.neuronembed.engine.VectorReader;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Every worker owns a slot, without an engine. One call writes the rows in place, executes, and
 * reads the vectors, as in NeuronPerf. A call of a packed shape is a batch of {@link Batches}.
 */
public final class SlotService implements Service {

  private final InferenceBackend backend;
  private final VectorReader reader;
  private final Shape shape;
  private final Inputs inputs;
  private final AtomicLong packedRows = new AtomicLong();

  /**
   * @param backend the caller keeps it, and closes it after this service
   */
  public SlotService(InferenceBackend backend, VectorReader reader, Shape shape, Inputs inputs) {
    this.backend = backend;
    this.reader = reader;
    this.shape = shape;
    this.inputs = inputs;
  }

  @Override
  public Caller newCaller(int model) {
    return new SlotCaller(backend.replicas().get(model).newSlot(shape));
  }

  @Override
  public void close() {}

  /** Takes the rows of a call, and records the time to tokenize them. */
  public static TokenRow[] take(Inputs inputs, long call, int batchSize, Stages stages) {
    TokenRow[] rows = new TokenRow[inputs.rows(call, batchSize)];
    long begin = inputs.tokenizes() ? System.nanoTime() : 0;
    for (int i = 0; i < rows.length; i++) {
      rows[i] = inputs.row(call * batchSize + i);
      stages.row(rows[i].length());
    }
    if (inputs.tokenizes()) {
      stages.tokenized(System.nanoTime() - begin);
    }
    return rows;
  }

  private final class SlotCaller implements Caller {

    private final ExecutionSlot slot;
    private final Batches batches = new Batches(shape);

    SlotCaller(ExecutionSlot slot) {
      this.slot = slot;
    }

    @Override
    public int call(long number, Stages stages) {
      TokenRow[] rows =
          shape.isPacked() ? fill(stages) : take(inputs, number, shape.batchSize(), stages);
      Batches.execute(slot, rows);
      TokenBatch tokens = slot.tokens();
      for (int row = 0; row < rows.length; row++) {
        reader.read(tokens, slot.output(), row);
      }
      StageTimes times = slot.stageTimes();
      stages.executed(
          (long) tokens.batchSize() * tokens.sequenceLength(),
          times.writeNanos(),
          times.executeNanos(),
          times.readNanos());
      return rows.length;
    }

    private TokenRow[] fill(Stages stages) {
      TokenRow[] rows = batches.next(() -> next(stages));
      for (TokenRow row : rows) {
        stages.row(row.length());
      }
      return rows;
    }

    private TokenRow next(Stages stages) {
      long begin = inputs.tokenizes() ? System.nanoTime() : 0;
      TokenRow row = inputs.row(packedRows.getAndIncrement());
      if (inputs.tokenizes()) {
        stages.tokenized(System.nanoTime() - begin);
      }
      return row;
    }

    @Override
    public void close() {
      slot.close();
    }
  }
}
