package io.github.neuronembed.cli.bench.measure;

import io.github.neuronembed.backend.ExecutionSlot;
import io.github.neuronembed.backend.InferenceBackend;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.StageTimes;
import io.github.neuronembed.backend.TokenRow;
import io.github.neuronembed.cli.bench.figures.Stages;
import io.github.neuronembed.cli.bench.load.Inputs;
import io.github.neuronembed.engine.VectorReader;

/**
 * Every worker owns a slot, with no engine in between: writing the rows in place, executing, and
 * reading the vectors is one call. This is NeuronPerf's way.
 */
public final class SlotService implements Service {

  private final InferenceBackend backend;
  private final VectorReader reader;
  private final Shape shape;
  private final Inputs inputs;

  /**
   * @param backend stays the caller's, who closes it after this
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

  /** Takes a call's rows, and their time if they are tokenized. */
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

    SlotCaller(ExecutionSlot slot) {
      this.slot = slot;
    }

    @Override
    public int call(long number, Stages stages) {
      TokenRow[] rows = take(inputs, number, shape.batchSize(), stages);
      int longest = 0;
      for (TokenRow row : rows) {
        longest = Math.max(longest, row.length());
      }
      var tokens = slot.tokens();
      tokens.begin(rows.length, longest);
      for (TokenRow row : rows) {
        tokens.row(row.ids(), row.firstLength());
      }
      tokens.finish();
      slot.execute();
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

    @Override
    public void close() {
      slot.close();
    }
  }
}
