package io.github.neuronembed.backend.onnx;

import ai.onnxruntime.OrtException;
import io.github.neuronembed.EmbeddingException;
import io.github.neuronembed.InferenceException;
import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.backend.Shape;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * The only place that converts an error of ONNX Runtime to an exception of this library; the code
 * is kept.
 */
final class OnnxErrors {

  private OnnxErrors() {}

  /**
   * The source position of an error, which ONNX Runtime (releases 1.20 to 1.29) puts before the
   * reason, with the folders of its build machine: {@code /onnxruntime_src/.../model.cc:165
   * onnxruntime::Model::Model(...) ModelProto does not have a graph.}
   */
  private static final Pattern SOURCE_LOCATION =
      Pattern.compile(
          "[^\\s:]+\\.(?:cc|cpp|h|hpp):\\d+ [^(]*\\((?:[^()]|\\([^()]*\\))*\\)(?: const)?"
              + "(?: \\[with [^\\]]*\\])?\\s*");

  /** The reason of an error, on one line. */
  static String reason(OrtException e) {
    return SOURCE_LOCATION
        .matcher(String.valueOf(e.getMessage()))
        .replaceAll("")
        .strip()
        .replaceAll("\\s*\\R\\s*", " ");
  }

  /** A session could not be created from a file. */
  static ModelLoadException atLoad(Path file, OrtException e) {
    String reason =
        switch (e.getCode()) {
          case ORT_NO_SUCHFILE -> "the file does not exist";
          case ORT_INVALID_PROTOBUF -> "it is not a complete ONNX model; download it again";
          case ORT_NOT_IMPLEMENTED, ORT_INVALID_GRAPH -> "this ONNX Runtime cannot run its graph";
          default -> "ONNX Runtime rejects it";
        };
    return new ModelLoadException(
        "Cannot load %s: %s (%s: %s)".formatted(file, reason, e.getCode(), reason(e)), e);
  }

  /** A session could not be freed. */
  static InferenceException atClose(OrtException e) {
    return new InferenceException(
        "ONNX Runtime could not free a session (%s: %s)".formatted(e.getCode(), reason(e)),
        false,
        e);
  }

  /** There is no memory for a slot's buffers. */
  static ModelLoadException noMemory(Shape shape, long bytes, Throwable e) {
    return new ModelLoadException(
        ("A slot of %s needs %s bytes of direct memory, which are not available"
                + " (%s): raise -XX:MaxDirectMemorySize, or use fewer slots.")
            .formatted(shape, bytes, e.getMessage()),
        e);
  }

  /** An execution failed. On a CPU there is no reason to expect that a retry succeeds. */
  static EmbeddingException atRun(OrtException e) {
    return new InferenceException(
        "ONNX Runtime could not run the model (%s: %s)".formatted(e.getCode(), reason(e)),
        false,
        e);
  }
}
