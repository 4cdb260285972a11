package io.github.neuronembed.encoder;

import io.github.neuronembed.nrt.Gate;
import io.github.neuronembed.nrt.Native;
import io.github.neuronembed.nrt.NativeLibrary;
import io.github.neuronembed.nrt.NrtException;
import io.github.neuronembed.nrt.bindings.NeuronCapi;
import io.github.neuronembed.nrt.bindings.neuron_encoder;
import io.github.neuronembed.nrt.bindings.neuron_encoder_info;
import io.github.neuronembed.nrt.bindings.neuron_encoder_session;
import io.github.neuronembed.nrt.bindings.neuron_status;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.IntPointer;
import org.jspecify.annotations.Nullable;

/**
 * A prepared BERT encoder, mapped into memory: processes that open the same file share its weights.
 * Thread-safe.
 */
public final class EncoderModel implements AutoCloseable {

  private final Path file;
  private final Gate<neuron_encoder> gate;
  private final int hiddenSize;
  private final int vocabularySize;
  private final int positions;
  private final boolean meanPooling;
  private final boolean normalized;
  private final EncoderPrecision precision;
  private final String kernel;
  private final String identity;
  private final long mappedBytes;

  private EncoderModel(Path file, neuron_encoder handle) {
    neuron_encoder_info info = Native.struct(neuron_encoder_info.class, neuron_encoder_info::new);
    neuron_status status = Native.status();
    NeuronCapi.neuron_encoder_get_info(handle, info, status);
    EncoderException.check(status);
    this.file = file;
    this.hiddenSize = info.hidden();
    this.vocabularySize = info.vocabulary();
    this.positions = info.positions();
    this.meanPooling = info.pooling() == NeuronCapi.NEURON_ENCODER_POOLING_MEAN;
    this.normalized = info.normalize() != 0;
    this.precision = EncoderPrecision.ofNumber(info.precision());
    this.kernel = Native.text(info.kernel());
    byte[] identityBytes = new byte[NeuronCapi.NEURON_ENCODER_IDENTITY_SIZE];
    info.identity().get(identityBytes);
    this.identity = new String(identityBytes, StandardCharsets.ISO_8859_1);
    this.mappedBytes = info.mapped_bytes();
    this.gate = new Gate<>(this, "Encoder %s".formatted(file.getFileName()), handle);
  }

  /**
   * The kernels that this machine can run, the fastest first. The last one, {@code portable}, runs
   * on every processor and is for tests.
   *
   * @throws EncoderException of kind UNAVAILABLE if the native core cannot be loaded
   */
  public static List<String> kernels() {
    ensureAvailable();
    List<String> names = new ArrayList<>();
    for (int i = 0; i < NeuronCapi.neuron_encoder_kernel_count(); i++) {
      names.add(Native.text(NeuronCapi.neuron_encoder_kernel_name(i)));
    }
    return List.copyOf(names);
  }

  /**
   * The version of the prepared files that this library writes and opens.
   *
   * @throws EncoderException of kind UNAVAILABLE if the native core cannot be loaded
   */
  public static int formatVersion() {
    ensureAvailable();
    return NeuronCapi.neuron_encoder_format_version();
  }

  /**
   * Packs weights into a file for {@link #open} and every kernel. Takes seconds.
   *
   * @param weights in the format that {@code capi/encoder_capi.h} describes; only read
   * @param target the file to write or replace, completely or not at all
   * @param calibration token ids of texts, for {@link EncoderPrecision#INT8}: at least one text
   * @param kernel runs them; null for the fastest
   * @throws EncoderException of kind FILE, UNAVAILABLE or MEMORY
   * @throws IllegalArgumentException if the weights file does not have the format, or a size that
   *     the encoder does not support, or if a text does not fit the model, or there is no text
   * @throws EncoderException of kind UNAVAILABLE if the native core cannot be loaded
   */
  public static void prepare(
      Path weights,
      Path target,
      EncoderPrecision precision,
      List<int[]> calibration,
      @Nullable String kernel) {
    ensureAvailable();
    int stride = calibration.stream().mapToInt(ids -> ids.length).max().orElse(1);
    ByteBuffer ids = ints(Math.max(1, calibration.size() * stride));
    ByteBuffer lengths = ints(Math.max(1, calibration.size()));
    for (int i = 0; i < calibration.size(); i++) {
      int[] text = calibration.get(i);
      ids.asIntBuffer().put(i * stride, text);
      lengths.putInt(i * Integer.BYTES, text.length);
    }
    neuron_status status = Native.status();
    try {
      NeuronCapi.neuron_encoder_prepare(
          Native.string(weights.toAbsolutePath().toString()),
          Native.string(target.toAbsolutePath().toString()),
          precision.number(),
          Native.string(kernel),
          new IntPointer(Native.pointer(ids)),
          stride,
          new IntPointer(Native.pointer(lengths)),
          calibration.size(),
          status);
    } finally {
      Reference.reachabilityFence(ids);
      Reference.reachabilityFence(lengths);
    }
    EncoderException.check(status);
  }

  private static void ensureAvailable() {
    try {
      NativeLibrary.ensureAvailable();
    } catch (NrtException e) {
      throw EncoderException.unavailable(e);
    }
  }

  static ByteBuffer ints(int count) {
    return ByteBuffer.allocateDirect(Math.multiplyExact(count, Integer.BYTES))
        .order(ByteOrder.nativeOrder());
  }

  /**
   * Maps a prepared file and checks all of it. The file may be replaced or deleted while it is
   * open, but not overwritten.
   *
   * @param kernel one of {@link #kernels()}; null for the fastest
   * @return the model, owned by the caller
   * @throws EncoderException of kind PREPARED if it must be prepared again, of kind FILE if it
   *     cannot be read, of kind UNAVAILABLE if this machine does not run that kernel
   * @throws EncoderException of kind UNAVAILABLE if the native core cannot be loaded
   */
  public static EncoderModel open(Path file, @Nullable String kernel) {
    ensureAvailable();
    neuron_status status = Native.status();
    neuron_encoder handle =
        NeuronCapi.neuron_encoder_open(
            Native.string(file.toAbsolutePath().toString()), Native.string(kernel), status);
    EncoderException.check(status);
    try {
      return new EncoderModel(file, handle);
    } catch (RuntimeException | Error e) {
      NeuronCapi.neuron_encoder_close(handle, null);
      throw e;
    }
  }

  /** The file it was opened from. */
  public Path file() {
    return file;
  }

  /** Numbers of a vector. */
  public int hiddenSize() {
    return hiddenSize;
  }

  /** Token ids are below this. */
  public int vocabularySize() {
    return vocabularySize;
  }

  /** The longest text, in tokens. */
  public int positions() {
    return positions;
  }

  /** Whether a vector is the mean of the token vectors; else it is that of the first token. */
  public boolean meanPooling() {
    return meanPooling;
  }

  /** Whether vectors have length 1. */
  public boolean normalized() {
    return normalized;
  }

  /** The number format of the dense layers. */
  public EncoderPrecision precision() {
    return precision;
  }

  /** The kernel in use, one of {@link #kernels()}. */
  public String kernel() {
    return kernel;
  }

  /** The identity in the weights file: 64 characters. */
  public String identity() {
    return identity;
  }

  /** Bytes of the mapped file, which processes share. */
  public long mappedBytes() {
    return mappedBytes;
  }

  /**
   * Allocates the memory for batches.
   *
   * @param maxTokens maximum number of tokens of a batch, over all of its texts
   * @param maxTexts maximum number of texts of a batch, at most {@code maxTokens}
   * @param threads number of threads that share the work of a batch, including the caller's, 1 to
   *     256
   * @return the session, owned by the caller, who closes it before this model
   * @throws IllegalArgumentException if a number is out of range
   * @throws IllegalStateException if the model is closed
   * @throws EncoderException of kind MEMORY
   */
  public EncoderSession newSession(int maxTokens, int maxTexts, int threads) {
    return gate.call(
        model -> {
          neuron_status status = Native.status();
          neuron_encoder_session handle =
              NeuronCapi.neuron_encoder_session_new(model, maxTokens, maxTexts, threads, status);
          EncoderException.check(status);
          try {
            return new EncoderSession(this, handle);
          } catch (RuntimeException | Error e) {
            NeuronCapi.neuron_encoder_session_close(handle, null);
            throw e;
          }
        });
  }

  /**
   * Unmaps the file, after the calls in flight. Does nothing if it is closed.
   *
   * @throws IllegalStateException if sessions exist; the model then stays open
   */
  @Override
  public void close() {
    neuron_status status = Native.status();
    gate.close(
        model -> {
          NeuronCapi.neuron_encoder_close(model, status);
          EncoderException.check(status);
        });
  }
}
