package io.github.neuronembed.backend.cpu;

import io.github.neuronembed.BackendUnavailableException;
import io.github.neuronembed.encoder.EncoderException;
import io.github.neuronembed.encoder.EncoderModel;
import java.util.List;
import java.util.Set;

/** The kernels of the native encoder that this machine can run. */
public final class CpuKernels {

  /** System property: the kernel to run, one of {@link #names()}. */
  public static final String KERNEL_PROPERTY = "neuronembed.encoder.kernel";

  /**
   * Those that only the system property chooses: portable is nowhere faster than ONNX Runtime, and
   * neon has never run on a processor of its kind.
   */
  private static final Set<String> ON_REQUEST = Set.of("portable", "neon");

  private CpuKernels() {}

  /**
   * Their names, the fastest first.
   *
   * @throws BackendUnavailableException if the native core cannot be loaded
   */
  public static List<String> names() {
    try {
      return EncoderModel.kernels();
    } catch (EncoderException e) {
      throw new BackendUnavailableException(
          "the encoder of the native core cannot be used: %s".formatted(e.getMessage()), e);
    }
  }

  /**
   * The kernel to run: the one that the system property names, else the fastest.
   *
   * @throws BackendUnavailableException if the native core cannot be loaded, if the machine does
   *     not run that kernel, or if it has none that is faster than ONNX Runtime
   */
  static String chosen() {
    List<String> names = names();
    String asked = System.getProperty(KERNEL_PROPERTY, "");
    if (asked.isEmpty()) {
      return fastest(names);
    }
    if (!names.contains(asked)) {
      throw new BackendUnavailableException(
          "-D%s names %s, and this machine runs %s."
              .formatted(KERNEL_PROPERTY, asked, String.join(", ", names)));
    }
    return asked;
  }

  /** The first of the names, the fastest first, if it is known to be faster than ONNX Runtime. */
  static String fastest(List<String> names) {
    String first = names.get(0);
    if (ON_REQUEST.contains(first)) {
      throw new BackendUnavailableException(
          "the encoder of the native core has no kernel that is known to be faster than ONNX Runtime on this processor (x86-64 with AVX2 has one); -D%s takes one of %s."
              .formatted(KERNEL_PROPERTY, String.join(", ", names)));
    }
    return first;
  }
}
