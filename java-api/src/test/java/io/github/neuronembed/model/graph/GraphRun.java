package io.github.neuronembed.model.graph;

import io.github.neuronembed.backend.ExecutionSlot;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.onnx.OnnxBackend;
import io.github.neuronembed.backend.onnx.OnnxOptions;
import io.github.neuronembed.engine.VectorReader;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/** Runs ONNX files through the backend that serves them. */
final class GraphRun implements AutoCloseable {

  private final OnnxBackend backend;
  private final ExecutionSlot slot;
  private final VectorReader reader;

  GraphRun(Path file, Shape shape, VectorReader reader) {
    this.backend = OnnxBackend.open(file, 0, new OnnxOptions(1, 1, List.of(shape)));
    this.slot = backend.replicas().get(0).newSlot(shape);
    this.reader = reader;
  }

  /** The vectors of the texts of one batch, padded to the longest. */
  List<float[]> of(List<int[]> texts) {
    slot.tokens().begin(texts.size(), texts.stream().mapToInt(ids -> ids.length).max().orElse(0));
    texts.forEach(slot.tokens()::row);
    slot.tokens().finish();
    slot.execute();
    return IntStream.range(0, texts.size())
        .mapToObj(row -> reader.read(slot.tokens(), slot.output(), row))
        .toList();
  }

  boolean pooledInGraph() {
    return slot.output().isPooled();
  }

  @Override
  public void close() {
    slot.close();
    backend.close();
  }
}
