package io.github.neuronembed.cli.doctor;

import io.github.neuronembed.InputType;
import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.cli.EmbedderArguments;
import io.github.neuronembed.model.EmbeddingOutput;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.OnnxInterface;
import io.github.neuronembed.model.Precision;
import io.github.neuronembed.tokenizer.TextTokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Looks at what a model directory states, and at what its ONNX files give. */
final class ModelCheck {

  private ModelCheck() {}

  static List<Finding> findings(ModelDirectory model) {
    List<Finding> findings = new ArrayList<>();
    findings.add(
        Finding.ok(
            "model",
            "%s: %s, %s numbers, pooled by %s, %s, texts of up to %s tokens, prefixes \"%s\" (query) and \"%s\" (passage)"
                .formatted(
                    model.name(),
                    model.modelType(),
                    model.dimension(),
                    model.pooling(),
                    model.normalize() ? "normalised" : "not normalised",
                    model.maxTokens(),
                    model.prefix(InputType.QUERY),
                    model.prefix(InputType.PASSAGE))));
    try {
      TextTokenizer.open(model).close();
      findings.add(
          Finding.ok(
              "tokenizer", "%s fits the model".formatted(model.tokenizerFile().getFileName())));
    } catch (ModelLoadException e) {
      findings.add(Finding.problem("tokenizer", String.valueOf(e.getMessage()), ""));
    }
    for (Precision precision : model.onnxPrecisions()) {
      findings.add(output(model, precision));
    }
    return findings;
  }

  private static Finding output(ModelDirectory model, Precision precision) {
    String subject = "onnx " + EmbedderArguments.name(precision);
    try {
      Path file = model.onnxFile(precision);
      EmbeddingOutput output = EmbeddingOutput.of(file, OnnxInterface.read(file).outputs());
      return Finding.ok(
          subject, "%s: the embedding is read from %s".formatted(file.getFileName(), output));
    } catch (ModelLoadException e) {
      return Finding.problem(subject, String.valueOf(e.getMessage()), "");
    }
  }
}
