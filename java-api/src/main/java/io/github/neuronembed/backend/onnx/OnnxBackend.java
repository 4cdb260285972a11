package io.github.neuronembed.backend.onnx;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.backend.InferenceBackend;
import io.github.neuronembed.backend.Replica;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.model.EmbeddingOutput;
import io.github.neuronembed.model.OnnxInterface;
import io.github.neuronembed.model.Processor;
import io.github.neuronembed.model.graph.PreparedGraph;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A model on ONNX Runtime: a session is a replica, and a shape is an upper bound. */
public final class OnnxBackend implements InferenceBackend {

  private static final Logger LOG = LoggerFactory.getLogger(OnnxBackend.class);

  private final OrtEnvironment environment;
  private final OnnxSignature signature;
  private final OnnxOptions options;
  private final List<OrtSession> sessions;
  private final List<Replica> replicas;
  private final AtomicInteger openSlots = new AtomicInteger();
  private final ReentrantLock lifecycle = new ReentrantLock();
  private boolean closed;

  private OnnxBackend(
      OrtEnvironment environment,
      OnnxSignature signature,
      OnnxOptions options,
      List<OrtSession> sessions,
      int padTokenId) {
    this.environment = environment;
    this.signature = signature;
    this.options = options;
    this.sessions = sessions;
    List<Replica> made = new ArrayList<>();
    for (int i = 0; i < sessions.size(); i++) {
      made.add(new SessionReplica(i, sessions.get(i), padTokenId));
    }
    this.replicas = List.copyOf(made);
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
    return "onnxruntime %s (%s, %s %s, %s %s)"
        .formatted(
            environment.getVersion(),
            signature.outputName(),
            options.sessions(),
            options.sessions() == 1 ? "session" : "sessions",
            options.intraOpThreads(),
            options.intraOpThreads() == 1 ? "thread" : "threads");
  }

  @Override
  public boolean emulated() {
    return false;
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
  public List<Shape> shapes() {
    return options.shapes();
  }

  /** The number of executions, with this many threads each, that keeps all processors busy. */
  @Override
  public int slotsPerReplica() {
    return Math.max(1, Runtime.getRuntime().availableProcessors() / options.intraOpThreads());
  }

  @Override
  public List<Replica> replicas() {
    return replicas;
  }

  @Override
  public void close() {
    lifecycle.lock();
    try {
      if (closed) {
        return;
      }
      if (openSlots.get() > 0) {
        throw new IllegalStateException(
            "%s slots of the ONNX Runtime backend are open: close them first."
                .formatted(openSlots.get()));
      }
      closed = true;
      RuntimeException failure = closeAll(sessions);
      if (failure != null) {
        throw failure;
      }
    } finally {
      lifecycle.unlock();
    }
  }

  private ExecutionSlotLease lease() {
    lifecycle.lock();
    try {
      if (closed) {
        throw new IllegalStateException("The ONNX Runtime backend is closed.");
      }
      openSlots.incrementAndGet();
      return openSlots::decrementAndGet;
    } finally {
      lifecycle.unlock();
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

  /** The resources that a slot releases on close. */
  @FunctionalInterface
  interface ExecutionSlotLease {
    void giveBack();
  }

  private final class SessionReplica implements Replica {
    private final int index;
    private final OrtSession session;
    private final int padTokenId;

    SessionReplica(int index, OrtSession session, int padTokenId) {
      this.index = index;
      this.session = session;
      this.padTokenId = padTokenId;
    }

    @Override
    public int core() {
      return index;
    }

    @Override
    public OnnxSlot newSlot(Shape shape) {
      if (!options.shapes().contains(shape)) {
        throw new IllegalArgumentException(
            "This backend serves no %s, only %s.".formatted(shape, options.shapes()));
      }
      try {
        return new OnnxSlot(
            environment, session, signature, shape, padTokenId, OnnxBackend.this::lease);
      } catch (OutOfMemoryError | ArithmeticException e) {
        throw OnnxErrors.noMemory(shape, OnnxSlot.bytes(signature, shape), e);
      }
    }
  }
}
