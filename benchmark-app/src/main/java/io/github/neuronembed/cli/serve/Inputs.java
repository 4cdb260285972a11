package io.github.neuronembed.cli.serve;

import java.util.List;

/**
 * The inputs that a request embeds: texts, or token ids.
 *
 * @param texts empty if there are token ids
 * @param tokenIds a list's ids for each text, with or without special tokens; empty if there are
 *     texts
 */
record Inputs(List<String> texts, List<int[]> tokenIds) {

  static Inputs ofTexts(List<String> texts) {
    return new Inputs(texts, List.of());
  }

  static Inputs ofTokenIds(List<int[]> tokenIds) {
    return new Inputs(List.of(), tokenIds);
  }

  /** The number of characters of the texts; with token ids, the number of ids. */
  long characters() {
    return texts.stream().mapToLong(text -> text.codePointCount(0, text.length())).sum()
        + tokenIds.stream().mapToLong(ids -> ids.length).sum();
  }

  int size() {
    return texts.size() + tokenIds.size();
  }
}
