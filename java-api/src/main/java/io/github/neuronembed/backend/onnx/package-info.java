/**
 * The backend for any CPU, with ONNX Runtime. The only package that uses {@code ai.onnxruntime}.
 *
 * <p>ONNX Runtime's Java jar extracts its native library to a temporary folder; {@code
 * -Donnxruntime.native.path=/folder} makes it load from a folder instead, for machines whose
 * temporary folder is mounted {@code noexec}.
 */
@NullMarked
package io.github.neuronembed.backend.onnx;

import org.jspecify.annotations.NullMarked;
