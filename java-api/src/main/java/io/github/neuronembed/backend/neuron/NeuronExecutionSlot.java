package io.github.neuronembed.backend.neuron;

import io.github.neuronembed.backend.ElementType;
import io.github.neuronembed.backend.ExecutionSlot;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.StageTimes;
import io.github.neuronembed.backend.TokenBatch;
import io.github.neuronembed.backend.TokenVectors;
import io.github.neuronembed.backend.neuron.NeuronBackend.LoadedModel;
import io.github.neuronembed.model.NeuronManifest.CompiledModel;
import io.github.neuronembed.nrt.NeuronModel;
import io.github.neuronembed.nrt.NeuronSlot;
import io.github.neuronembed.nrt.NrtException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** A slot whose memory the runtime reads from and writes to: one native call an execution. */
final class NeuronExecutionSlot implements ExecutionSlot, StageTimes {

  private final Shape shape;
  private final NeuronSlot slot;
  private final TokenBatch tokens;
  private final TokenVectors vectors;

  /**
   * @param slot owned by this one
   */
  NeuronExecutionSlot(Shape shape, NeuronSlot slot, LoadedModel loaded, int padTokenId) {
    this.shape = shape;
    this.slot = slot;
    NeuronModel model = loaded.model();
    CompiledModel compiled = loaded.compiled();
    ElementType idType = ModelTensors.idType(model, compiled, compiled.inputIds());
    this.tokens =
        new TokenBatch(
            shape,
            true,
            idType,
            padTokenId,
            slot.inputs().get(ModelTensors.input(model, compiled, compiled.inputIds())),
            input(compiled.attentionMask(), model, compiled),
            input(compiled.tokenTypeIds(), model, compiled));
    this.vectors =
        new TokenVectors(
            slot.outputs().get(ModelTensors.output(model, compiled)),
            ModelTensors.outputType(model, compiled),
            compiled.hiddenSize(),
            compiled.pooled(),
            compiled.sequenceLength());
  }

  private @Nullable ByteBuffer input(String name, NeuronModel model, CompiledModel compiled) {
    return name.isEmpty() ? null : slot.inputs().get(ModelTensors.input(model, compiled, name));
  }

  @Override
  public Shape shape() {
    return shape;
  }

  @Override
  public TokenBatch tokens() {
    return tokens;
  }

  @Override
  public void execute() {
    if (!tokens.isFinished()) {
      throw new IllegalStateException("The batch is not finished: call finish() first.");
    }
    try {
      slot.execute();
    } catch (NrtException e) {
      throw NeuronErrors.atExecute(e);
    }
  }

  @Override
  public TokenVectors output() {
    return vectors;
  }

  @Override
  public StageTimes stageTimes() {
    return this;
  }

  @Override
  public long writeNanos() {
    return slot.writeNanos();
  }

  @Override
  public long executeNanos() {
    return slot.executeNanos();
  }

  @Override
  public long readNanos() {
    return slot.readNanos();
  }

  @Override
  public void close() {
    slot.close();
  }
}
