package io.github.neuronembed.encoder;

import io.github.neuronembed.nrt.Gate;
import io.github.neuronembed.nrt.Native;
import io.github.neuronembed.nrt.bindings.NeuronCapi;
import io.github.neuronembed.nrt.bindings.neuron_encoder_session;
import io.github.neuronembed.nrt.bindings.neuron_status;
import java.lang.ref.Reference;

/**
 * The memory for one batch at a time, allocated once. Used by one thread at a time; handing it over
 * needs a happens-before edge. Sessions are independent. {@link #close()} may be called by any
 * thread.
 */
public final class EncoderSession implements AutoCloseable {

  private final EncoderModel model;
  private final neuron_status status = Native.status();
  private final long bytes;
  private final Gate<neuron_encoder_session> gate;

  EncoderSession(EncoderModel model, neuron_encoder_session handle) {
    this.model = model;
    this.bytes = NeuronCapi.neuron_encoder_session_bytes(handle);
    this.gate =
        new Gate<>(this, "A session of encoder %s".formatted(model.file().getFileName()), handle);
  }

  /** Bytes of native memory that it holds. */
  public long bytes() {
    return bytes;
  }

  /**
   * Embeds the texts of a batch; blocks meanwhile. One native call; allocates nothing unless it
   * fails. No padding is computed: the rest of a row after a text's tokens is not read.
   *
   * @param batch its ids and lengths are read, its vectors written
   * @param texts how many texts it has
   * @param rowStride text i begins at id {@code i * rowStride}
   * @throws IllegalArgumentException if an id, a length or a count does not fit the model, session
   *     or batch
   * @throws IllegalStateException if the session is closed, or runs in another thread
   * @throws EncoderException if it fails; the vectors are then undefined
   */
  public void run(EncoderBatch batch, int texts, int rowStride) {
    if (texts < 1
        || rowStride < 1
        || texts > batch.maxTexts()
        || (long) texts * rowStride > batch.idsCapacity()
        || (long) texts * model.hiddenSize() > batch.vectorsCapacity()) {
      throw new IllegalArgumentException(
          "%s texts in rows of %s tokens do not fit the batch.".formatted(texts, rowStride));
    }
    neuron_encoder_session handle = gate.enter();
    try {
      int kind =
          NeuronCapi.neuron_encoder_run(
              handle,
              batch.idsPointer,
              rowStride,
              batch.lengthsPointer,
              texts,
              batch.vectorsPointer,
              status);
      if (kind != NeuronCapi.NEURON_OK) {
        throw EncoderException.failure(status);
      }
    } finally {
      gate.exit();
      Reference.reachabilityFence(batch); // the native code was using its memory
    }
  }

  /** Frees it, after a running call. Does nothing if it is closed. */
  @Override
  public void close() {
    neuron_status closed = Native.status();
    gate.close(
        session -> {
          NeuronCapi.neuron_encoder_session_close(session, closed);
          EncoderException.check(closed);
        });
  }
}
