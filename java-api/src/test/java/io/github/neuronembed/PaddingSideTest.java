package io.github.neuronembed;

import static io.github.neuronembed.model.graph.TinyGraphs.Output.LAST_HIDDEN_STATE;
import static io.github.neuronembed.model.graph.TinyGraphs.Output.LAST_OF_ROW;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.neuron.EmulatedModels;
import io.github.neuronembed.model.ModelFolder;
import io.github.neuronembed.model.graph.TinyGraphs;
import io.github.neuronembed.model.graph.TinyGraphs.Output;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models whose tokenizer pads on the left: a text's vector is the one that it has alone. */
class PaddingSideTest {

  private static final List<String> TEXTS =
      List.of("the quick brown fox", "fox", "a b c d e f g h i j", "the (quick) fox", "hello");

  @TempDir private Path temp;
  private ModelFolder folder;
  private TinyGraphs graphs;

  @BeforeEach
  void writeModel() throws IOException {
    folder = ModelFolder.complete(temp.resolve("model"));
    folder.set("tokenizer_config.json", "padding_side", "\"left\"");
    folder.write("1_Pooling/config.json", "{\"pooling_mode\": \"lasttoken\"}");
    graphs = new TinyGraphs(temp);
  }

  private void graph(Output output) {
    folder.write("onnx/model.onnx", graphs.of(List.of(output), true, true));
  }

  private List<float[]> alone() {
    try (TextEmbedder embedder = open()) {
      return TEXTS.stream().map(embedder::embedPassage).toList();
    }
  }

  private TextEmbedder open() {
    return TextEmbedder.builder().model(folder.open()).backend(BackendChoice.ONNX).build();
  }

  private void companyChangesNothing() {
    List<float[]> alone = alone();
    try (TextEmbedder embedder = open()) {
      for (int round = 0; round < 20; round++) {
        List<CompletableFuture<float[]>> together =
            TEXTS.stream().map(text -> embedder.embedAsync(text, InputType.PASSAGE)).toList();
        for (int i = 0; i < TEXTS.size(); i++) {
          assertThat(together.get(i).join()).containsExactly(alone.get(i), within(1e-5f));
        }
      }
    }
  }

  @Test
  void tokenVectorsArePooledByTheirOwnLastToken() {
    graph(LAST_HIDDEN_STATE);
    companyChangesNothing();
  }

  @Test
  void aGraphThatTakesARowsLastVectorSeesNoPadding() {
    graph(LAST_OF_ROW);
    companyChangesNothing();
    List<float[]> byTheGraph = alone();
    graph(LAST_HIDDEN_STATE);
    List<float[]> onTheHost = alone();
    for (int i = 0; i < TEXTS.size(); i++) {
      assertThat(byTheGraph.get(i)).containsExactly(onTheHost.get(i), within(1e-5f));
    }
  }

  @Test
  void aCompiledShapeOfSuchAGraphIsRefused() {
    graph(LAST_OF_ROW);
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(
            () ->
                EmulatedModels.DEFAULT.pack(
                    folder.open(), List.of(new Shape(2, 16)), temp.resolve("packed")))
        .withMessageContainingAll("padding_side", "tokenizer_config.json", "ONNX Runtime");
  }

  @Test
  void anotherSideIsRefused() {
    folder.set("tokenizer_config.json", "padding_side", "\"middle\"");
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(folder::open)
        .withMessageContainingAll("padding_side", "tokenizer_config.json", "middle");
  }
}
