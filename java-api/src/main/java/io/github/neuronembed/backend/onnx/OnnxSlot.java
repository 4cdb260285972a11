package io.github.neuronembed.backend.onnx;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.github.neuronembed.backend.ElementType;
import io.github.neuronembed.backend.ExecutionSlot;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.StageTimes;
import io.github.neuronembed.backend.TokenBatch;
import io.github.neuronembed.backend.TokenVectors;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A slot over direct buffers: the model reads the ids in place and writes its output where it is
 * read. ONNX Runtime's tensors are views with a fixed size, so each execution creates them again
 * over the same memory (0.3 µs each).
 */
final class OnnxSlot implements ExecutionSlot, StageTimes {

  private final OrtEnvironment environment;
  private final OrtSession session;
  private final OnnxSignature signature;
  private final Shape shape;
  private final OnnxBackend.ExecutionSlotLease lease;
  private final ByteBuffer inputIds;
  private final @Nullable ByteBuffer attentionMask;
  private final @Nullable ByteBuffer tokenTypeIds;
  private final ByteBuffer output;
  private final TokenBatch tokens;
  private final TokenVectors vectors;
  private final Map<String, OnnxTensor> inputs = new HashMap<>();
  private final Map<String, OnnxTensor> outputs = new HashMap<>();
  private final ReentrantLock inUse = new ReentrantLock();
  private boolean closed;
  private long executeNanos;

  OnnxSlot(
      OrtEnvironment environment,
      OrtSession session,
      OnnxSignature signature,
      Shape shape,
      int padTokenId,
      Supplier<OnnxBackend.ExecutionSlotLease> leases) {
    this.environment = environment;
    this.session = session;
    this.signature = signature;
    this.shape = shape;
    int bytes = Math.multiplyExact(shape.tokens(), signature.idType().bytes());
    this.inputIds = direct(bytes);
    this.attentionMask = signature.hasMask() ? direct(bytes) : null;
    this.tokenTypeIds = signature.hasTokenTypes() ? direct(bytes) : null;
    int vectorsOfBatch = signature.pooled() ? shape.batchSize() : shape.tokens();
    this.output =
        direct(
            Math.multiplyExact(
                vectorsOfBatch, signature.hiddenSize() * ElementType.FLOAT32.bytes()));
    this.tokens =
        new TokenBatch(
            shape, false, signature.idType(), padTokenId, inputIds, attentionMask, tokenTypeIds);
    this.vectors =
        new TokenVectors(
            output, ElementType.FLOAT32, signature.hiddenSize(), signature.pooled(), 1);
    // Last, so that an earlier failure has nothing to release.
    this.lease = leases.get();
  }

  /** Direct memory of a slot. */
  static long bytes(OnnxSignature signature, Shape shape) {
    int inputs = 1 + (signature.hasMask() ? 1 : 0) + (signature.hasTokenTypes() ? 1 : 0);
    long ids = (long) inputs * shape.tokens() * signature.idType().bytes();
    long vectors = signature.pooled() ? shape.batchSize() : shape.tokens();
    return ids + vectors * signature.hiddenSize() * ElementType.FLOAT32.bytes();
  }

  private static ByteBuffer direct(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
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
    inUse.lock();
    try {
      if (closed) {
        throw new IllegalStateException("The slot is closed.");
      }
      if (!tokens.isFinished()) {
        throw new IllegalStateException("The batch is not finished: call finish() first.");
      }
      long start = System.nanoTime();
      OnnxRuntime.call(this::run);
      executeNanos = System.nanoTime() - start;
      vectors.sequenceLength(tokens.sequenceLength());
    } catch (OrtException e) {
      throw OnnxErrors.atRun(e);
    } finally {
      inUse.unlock();
    }
  }

  private void run() throws OrtException {
    int batchSize = tokens.batchSize();
    int length = tokens.sequenceLength();
    int hidden = signature.hiddenSize();
    try {
      ids(OnnxSignature.INPUT_IDS, inputIds, batchSize, length);
      if (attentionMask != null) {
        ids(OnnxSignature.ATTENTION_MASK, attentionMask, batchSize, length);
      }
      if (tokenTypeIds != null) {
        ids(OnnxSignature.TOKEN_TYPE_IDS, tokenTypeIds, batchSize, length);
      }
      long[] outputShape = signature.outputShape(batchSize, length);
      int bytes =
          (signature.pooled() ? batchSize : batchSize * length)
              * hidden
              * ElementType.FLOAT32.bytes();
      outputs.put(
          signature.outputName(),
          OnnxTensor.createTensor(
              environment, output.clear().limit(bytes), outputShape, OnnxJavaType.FLOAT));
      session.run(inputs, outputs).close();
    } finally {
      closeTensors(inputs);
      closeTensors(outputs);
    }
  }

  private void ids(String name, ByteBuffer buffer, int batchSize, int length) throws OrtException {
    ElementType type = signature.idType();
    inputs.put(
        name,
        OnnxTensor.createTensor(
            environment,
            buffer.clear().limit(batchSize * length * type.bytes()),
            new long[] {batchSize, length},
            type == ElementType.INT64 ? OnnxJavaType.INT64 : OnnxJavaType.INT32));
  }

  private static void closeTensors(Map<String, OnnxTensor> tensors) {
    tensors.values().forEach(OnnxTensor::close);
    tensors.clear();
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
    return 0;
  }

  @Override
  public long executeNanos() {
    return executeNanos;
  }

  @Override
  public long readNanos() {
    return 0;
  }

  @Override
  public void close() {
    inUse.lock();
    try {
      if (!closed) {
        closed = true;
        lease.giveBack();
      }
    } finally {
      inUse.unlock();
    }
  }
}
