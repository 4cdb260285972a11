package io.github.neuronembed.backend.onnx;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.backend.HostBackend;
import io.github.neuronembed.backend.HostSlot;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.model.EmbeddingOutput;
import io.github.neuronembed.model.OnnxInterface;
import io.github.neuronembed.model.Processor;
import io.github.neuronembed.model.graph.PreparedGraph;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A model on ONNX Runtime: a session is a replica, and a shape is an upper bound. */
public final class OnnxBackend extends HostBackend {

  private static final Logger LOG = LoggerFactory.getLogger(OnnxBackend.class);

  private final OrtEnvironment environment;
  private final OnnxSignature signature;
  private final List<OrtSession> sessions;
  private final int padTokenId;

  private OnnxBackend(
      OrtEnvironment environment,
      OnnxSignature signature,
      OnnxOptions options,
      List<OrtSession> sessions,
      int padTokenId) {
    super("ONNX Runtime backend", options.shapes(), sessions.size(), options.intraOpThreads());
    this.environment = environment;
    this.signature = signature;
    this.sessions = sessions;
    this.padTokenId = padTokenId;
  }

  /**
   * Loads a model.
   *
   * @param file an ONNX file that takes {@code input_ids}, and may take {@code attention_mask} and
   *     {@code token_type_ids}, all {@code [batch, sequence]} and of one integer type; its output
   *     is chosen as {@link io.github.neuronembed.model.EmbeddingOutput} says. Without a mask,
   *     padding would count, so every execution is one text without padding
   * @param padTokenId the model's padding token
   * @throws io.github.neuronembed.BackendUnavailableException if ONNX Runtime is not usable here
   * @throws ModelLoadException if the file is missing, damaged or of another kind
   */
  public static OnnxBackend open(Path file, int padTokenId, OnnxOptions options) {
    return open(file, padTokenId, options, EmbeddingOutput::of);
  }

  /**
   * Loads a cross-encoder, see {@link #open}: its output is chosen as {@link EmbeddingOutput#score}
   * says, and is a vector of one number for each pair.
   */
  public static OnnxBackend openCrossEncoder(Path file, int padTokenId, OnnxOptions options) {
    return open(file, padTokenId, options, EmbeddingOutput::score);
  }

  private static OnnxBackend open(
      Path file, int padTokenId, OnnxOptions options, OnnxSignature.OutputChoice choice) {
    OrtEnvironment environment = OnnxRuntime.environment();
    List<OrtSession> sessions = new ArrayList<>();
    try {
      for (int i = 0; i < options.sessions(); i++) {
        sessions.add(openSession(environment, file, options.intraOpThreads()));
      }
      OnnxSignature signature = OnnxSignature.of(file, sessions.get(0), choice);
      return new OnnxBackend(
          environment,
          signature,
          sharesExecutions(file, sessions.get(0), signature) ? options : options.ofOneRow(),
          sessions,
          padTokenId);
    } catch (RuntimeException | Error e) {
      RuntimeException further = closeAll(sessions);
      if (further != null) {
        e.addSuppressed(further);
      }
      throw e;
    }
  }

  /** Whether a text's vector is correct in a batch; logs other possible errors. */
  private static boolean sharesExecutions(Path file, OrtSession session, OnnxSignature signature) {
    if (PreparedGraph.isPrepared(properties(file, session))) {
      return true; // of operators that are known, so that its weights need not be read
    }
    OnnxInterface content = OnnxInterface.read(file);
    if (content.wideInt8() && !Processor.multipliesInt8Exactly()) {
      LOG.warn(
          "{} has int8 weights of the full range, whose products ONNX Runtime"
              + " saturates on this processor (it has no VNNI): its vectors are less"
              + " accurate. Allow the graph that is rewritten for speed, which computes"
              + " with uint8 where possible, or quantize the model with reduce_range, or to"
              + " uint8.",
          file);
    }
    if (content.biasedAttention()) {
      LOG.warn(
          "{} has an Attention with attention_bias, which ONNX Runtime may compute wrongly for more"
              + " than one text: its texts are executed one by one.",
          file);
    }
    return signature.hasMask() && !content.biasedAttention();
  }

  private static Map<String, String> properties(Path file, OrtSession session) {
    try {
      return session.getMetadata().getCustomMetadata();
    } catch (OrtException e) {
      throw OnnxErrors.atLoad(file, e);
    }
  }

  private static OrtSession openSession(OrtEnvironment environment, Path file, int threads) {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(threads);
      options.setInterOpNumThreads(1);
      options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
      return environment.createSession(file.toString(), options);
    } catch (OrtException e) {
      throw OnnxErrors.atLoad(file, e);
    }
  }

  @Override
  public String description() {
    return "onnxruntime %s (%s, %s %s, %s)"
        .formatted(
            environment.getVersion(),
            signature.outputName(),
            sessions.size(),
            sessions.size() == 1 ? "session" : "sessions",
            threads());
  }

  @Override
  public int hiddenSize() {
    return signature.hiddenSize();
  }

  @Override
  public boolean pools() {
    return signature.pooled();
  }

  @Override
  protected HostSlot newSlot(int replica, Shape shape, Runnable whenClosed) {
    try {
      return new OnnxSlot(
          environment,
          sessions.get(replica),
          signature,
          shape,
          padTokenId,
          OnnxBuffers.allocate(signature, shape),
          whenClosed);
    } catch (OutOfMemoryError | ArithmeticException e) {
      throw OnnxErrors.noMemory(shape, OnnxBuffers.bytes(signature, shape), e);
    }
  }

  @Override
  protected void unload() {
    RuntimeException failure = closeAll(sessions);
    if (failure != null) {
      throw failure;
    }
  }

  /**
   * Closes every session, whatever fails.
   *
   * @return the first failure, with the others suppressed in it; null if there is none
   */
  private static @Nullable RuntimeException closeAll(List<OrtSession> sessions) {
    RuntimeException first = null;
    for (OrtSession session : sessions) {
      try {
        session.close();
      } catch (OrtException e) {
        RuntimeException failure = OnnxErrors.atClose(e);
        if (first == null) {
          first = failure;
        } else {
          first.addSuppressed(failure);
        }
      }
    }
    return first;
  }
}
