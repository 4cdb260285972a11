package io.github.neuronembed.backend.onnx;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.github.neuronembed.backend.ElementType;
import io.github.neuronembed.backend.HostSlot;
import io.github.neuronembed.backend.Shape;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;

/**
 * A slot over direct buffers: the model reads the ids in place and writes its output where it is
 * read. ONNX Runtime's tensors are views with a fixed size, so each execution creates them again
 * over the same memory (0.3 µs each).
 */
final class OnnxSlot extends HostSlot {

  private final OrtEnvironment environment;
  private final OrtSession session;
  private final OnnxSignature signature;
  private final OnnxBuffers buffers;
  private final Map<String, OnnxTensor> inputs = new HashMap<>();
  private final Map<String, OnnxTensor> outputs = new HashMap<>();

  OnnxSlot(
      OrtEnvironment environment,
      OrtSession session,
      OnnxSignature signature,
      Shape shape,
      int padTokenId,
      OnnxBuffers buffers,
      Runnable whenClosed) {
    super(
        shape,
        buffers.tokens(signature, shape, padTokenId),
        buffers.vectors(signature),
        whenClosed);
    this.environment = environment;
    this.session = session;
    this.signature = signature;
    this.buffers = buffers;
  }

  @Override
  protected void run() {
    try {
      OnnxRuntime.call(this::runSession);
    } catch (OrtException e) {
      throw OnnxErrors.atRun(e);
    }
    output().sequenceLength(tokens().sequenceLength());
  }

  private void runSession() throws OrtException {
    int batchSize = tokens().batchSize();
    int length = tokens().sequenceLength();
    int hidden = signature.hiddenSize();
    try {
      ids(OnnxSignature.INPUT_IDS, buffers.inputIds(), batchSize, length);
      if (buffers.attentionMask() != null) {
        ids(OnnxSignature.ATTENTION_MASK, buffers.attentionMask(), batchSize, length);
      }
      if (buffers.tokenTypeIds() != null) {
        ids(OnnxSignature.TOKEN_TYPE_IDS, buffers.tokenTypeIds(), batchSize, length);
      }
      long[] outputShape = signature.outputShape(batchSize, length);
      int bytes =
          (signature.pooled() ? batchSize : batchSize * length)
              * hidden
              * ElementType.FLOAT32.bytes();
      outputs.put(
          signature.outputName(),
          OnnxTensor.createTensor(
              environment, buffers.output().clear().limit(bytes), outputShape, OnnxJavaType.FLOAT));
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
}
