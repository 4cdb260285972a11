package io.github.neuronembed.cli.verify;

import io.github.neuronembed.InputType;
import io.github.neuronembed.TextEmbedder;
import io.github.neuronembed.golden.GoldenText;
import java.util.ArrayList;
import java.util.List;

/** Vectors of golden texts. */
final class TextVectors {

  private TextVectors() {}

  /** Embeds texts, each as what it is; the result has a vector for each, in their order. */
  static List<float[]> embed(TextEmbedder embedder, List<GoldenText> texts) {
    float[][] vectors = new float[texts.size()][];
    for (InputType type : InputType.values()) {
      List<Integer> places = new ArrayList<>();
      List<String> ofType = new ArrayList<>();
      for (int i = 0; i < vectors.length; i++) {
        if (texts.get(i).type() == type) {
          places.add(i);
          ofType.add(texts.get(i).text());
        }
      }
      List<float[]> embedded = embedder.embed(ofType, type);
      for (int i = 0; i < places.size(); i++) {
        vectors[places.get(i)] = embedded.get(i);
      }
    }
    return List.of(vectors);
  }
}
