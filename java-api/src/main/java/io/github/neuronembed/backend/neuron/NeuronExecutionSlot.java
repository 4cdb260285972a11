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

/**
 * A slot whose memory the runtime reads from and writes to: one native call per execution. It reads
 * the output in one transfer, up to and including the vectors of the last text.
 */
final class NeuronExecutionSlot implements ExecutionSlot, StageTimes {

  private final Shape shape;
  private final NeuronSlot slot;
  private final TokenBatch tokens;
  private final TokenVectors vectors;

  /** Bytes of the vectors of a text. */
  private final long textBytes;

  /**
   * @param slot owned by this one
   */
  NeuronExecutionSlot(Shape shape, NeuronSlot slot, LoadedModel loaded, int padTokenId) {
    this.shape = shape;
    this.slot = slot;
    NeuronModel model = loaded.model();
    CompiledModel compiled = loaded.compiled();
    ElementType idType = ModelTensors.idType(model, compiled, compiled.inputIds());
    ByteBuffer inputIds = input(compiled.inputIds(), model, compiled);
    ByteBuffer output = slot.outputs().get(ModelTensors.output(model, compiled));
    ElementType outputType = ModelTensors.outputType(model, compiled);
    int hiddenSize = compiled.hiddenSize();
    if (compiled.isPacked()) {
      ByteBuffer starts = input(compiled.starts(), model, compiled);
      this.tokens = new TokenBatch(shape, idType, padTokenId, inputIds, starts);
      this.vectors = new TokenVectors(output, outputType, hiddenSize, tokens);
    } else {
      this.tokens =
          new TokenBatch(
              shape,
              true,
              idType,
              padTokenId,
              inputIds,
              optionalInput(compiled.attentionMask(), model, compiled),
              optionalInput(compiled.tokenTypeIds(), model, compiled));
      this.vectors =
          new TokenVectors(
              output, outputType, hiddenSize, compiled.pooled(), compiled.sequenceLength());
    }
    this.textBytes =
        (long) (compiled.pooled() ? 1 : compiled.sequenceLength())
            * hiddenSize
            * outputType.bytes();
  }

  private ByteBuffer input(String name, NeuronModel model, CompiledModel compiled) {
    return slot.inputs().get(ModelTensors.input(model, compiled, name));
  }

  private @Nullable ByteBuffer optionalInput(
      String name, NeuronModel model, CompiledModel compiled) {
    return name.isEmpty() ? null : input(name, model, compiled);
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
    tokens.requireFinished();
    try {
      slot.execute(tokens.placed().vectors() * textBytes);
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
