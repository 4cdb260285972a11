package io.github.neuronembed.cli.neff;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.model.EmbeddingOutput;
import io.github.neuronembed.model.OnnxInterface;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The report about an ONNX file.
 *
 * @param file the file
 * @param onnx its inputs and outputs
 * @param embedding the output that has the embeddings; empty if there is none
 * @param problem why there is none, or another problem; empty if there is no problem
 */
record OnnxReport(
    Path file, OnnxInterface onnx, Optional<EmbeddingOutput> embedding, String problem) {

  /**
   * Reads a file.
   *
   * @throws ModelLoadException if it is not an ONNX file
   */
  static OnnxReport of(Path file) {
    OnnxInterface onnx = OnnxInterface.read(file);
    try {
      return new OnnxReport(file, onnx, Optional.of(EmbeddingOutput.of(file, onnx.outputs())), "");
    } catch (ModelLoadException e) {
      return new OnnxReport(file, onnx, Optional.empty(), String.valueOf(e.getMessage()));
    }
  }

  String text() {
    StringBuilder text = new StringBuilder(file.toString()).append('\n');
    onnx.inputs()
        .forEach(
            port -> InspectCommand.line(text, "input", InspectCommand.printable(port.toString())));
    onnx.outputs()
        .forEach(
            port -> InspectCommand.line(text, "output", InspectCommand.printable(port.toString())));
    InspectCommand.line(
        text, "weights", onnx.externalData() ? "also in other files" : "in the file");
    embedding.ifPresent(
        output ->
            InspectCommand.line(text, "embedding", InspectCommand.printable(output.toString())));
    if (problem.isEmpty()) {
      InspectCommand.line(text, "verdict", "its inputs and outputs are valid");
    } else {
      InspectCommand.line(text, "WRONG", problem);
    }
    return text.toString();
  }

  JsonObject json() {
    JsonObject json = new JsonObject();
    json.addProperty("file", file.toString());
    json.add("inputs", new GsonBuilder().create().toJsonTree(onnx.inputs()));
    json.add("outputs", new GsonBuilder().create().toJsonTree(onnx.outputs()));
    json.addProperty("externalData", onnx.externalData());
    embedding.ifPresent(
        output -> json.add("embedding", new GsonBuilder().create().toJsonTree(output)));
    json.addProperty("problem", problem);
    return json;
  }
}
