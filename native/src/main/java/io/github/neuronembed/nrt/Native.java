package io.github.neuronembed.nrt;

import io.github.neuronembed.nrt.bindings.NeuronCapi;
import io.github.neuronembed.nrt.bindings.neuron_status;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * Memory for structs and strings of the C interface, and its status as exceptions. Only for the
 * packages of this module.
 *
 * <p>The memory is the JVM's (direct buffers), never JavaCPP's own: JavaCPP counts the memory of
 * the whole process, including libnrt's, and rejects allocations beyond a multiple of the heap.
 */
public final class Native {

  private Native() {}

  /** A zeroed struct, freed by the garbage collector after the last use of the pointer. */
  public static <P extends Pointer> P struct(Class<P> type, Function<Pointer, P> cast) {
    return cast.apply(pointer(ByteBuffer.allocateDirect(Loader.sizeof(type))));
  }

  /** The memory of a direct buffer, from its beginning; the pointer keeps the buffer. */
  public static Pointer pointer(ByteBuffer buffer) {
    return new BytePointer(buffer.duplicate().clear());
  }

  /** A terminated UTF-8 string. */
  public static @Nullable BytePointer string(@Nullable String text) {
    if (text == null) {
      return null;
    }
    if (text.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("The text has a null character.");
    }
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    ByteBuffer buffer = ByteBuffer.allocateDirect(bytes.length + 1);
    buffer.put(0, bytes);
    return new BytePointer(buffer);
  }

  /** Copies a terminated UTF-8 string. */
  public static String text(@Nullable BytePointer pointer) {
    return pointer == null || pointer.isNull() ? "" : pointer.getString(StandardCharsets.UTF_8);
  }

  /** Page-aligned zeroed memory in native byte order, freed by the garbage collector. */
  static ByteBuffer region(long sizeBytes) {
    int page = Math.toIntExact(NeuronCapi.neuron_page_size());
    long padded = sizeBytes + page;
    if (padded > Integer.MAX_VALUE) {
      throw new NrtException(
          NrtException.Kind.MEMORY,
          "A slot of this model needs %s bytes in one buffer, more than 2 GiB: compile it for a smaller batch."
              .formatted(sizeBytes),
          null);
    }
    try {
      return ByteBuffer.allocateDirect((int) padded)
          .alignedSlice(page)
          .slice(0, (int) sizeBytes)
          .order(ByteOrder.nativeOrder());
    } catch (OutOfMemoryError e) {
      throw new NrtException(
          NrtException.Kind.MEMORY,
          ("There is no memory for the %s bytes of a slot outside the heap: raise"
                  + " -XX:MaxDirectMemorySize, or use fewer or smaller shapes.")
              .formatted(sizeBytes),
          e);
    }
  }

  /**
   * Wraps a new handle in its owner, and releases it if that fails.
   *
   * @return what {@code wrap} returns
   */
  static <P extends Pointer, T> T adopt(
      P handle, Function<P, T> wrap, BiConsumer<P, @Nullable neuron_status> giveBack) {
    try {
      return wrap.apply(handle);
    } catch (RuntimeException | Error e) {
      giveBack.accept(handle, null);
      throw e;
    }
  }

  /** A status to be filled. */
  public static neuron_status status() {
    return struct(neuron_status.class, neuron_status::new);
  }

  /**
   * Throws the exception of a status.
   *
   * @throws IllegalArgumentException for an invalid argument
   * @throws IllegalStateException if the resource is in use or has dependents
   * @throws NrtException for everything else that is not success
   */
  static void check(neuron_status status) {
    if (status.kind() != NeuronCapi.NEURON_OK) {
      throw failure(status);
    }
  }

  static RuntimeException failure(neuron_status status) {
    String message = text(status.message());
    int kind = status.kind();
    return switch (kind) {
      case NeuronCapi.NEURON_ERROR_NRT ->
          new NrtException(message, status.nrt_status(), text(status.operation()), status.core());
      case NeuronCapi.NEURON_ERROR_ARGUMENT -> new IllegalArgumentException(message);
      case NeuronCapi.NEURON_ERROR_STATE -> new IllegalStateException(message);
      case NeuronCapi.NEURON_ERROR_UNAVAILABLE ->
          new NrtException(NrtException.Kind.UNAVAILABLE, message, null);
      case NeuronCapi.NEURON_ERROR_NEFF -> new NrtException(NrtException.Kind.NEFF, message, null);
      case NeuronCapi.NEURON_ERROR_FILE -> new NrtException(NrtException.Kind.FILE, message, null);
      case NeuronCapi.NEURON_ERROR_MEMORY ->
          new NrtException(NrtException.Kind.MEMORY, message, null);
      default -> new NrtException(NrtException.Kind.INTERNAL, message, null);
    };
  }
}
