package com.example.search;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * What is searched.
 *
 * @param passages the first of the corpus, each once
 * @param headings what stands above passages, four words and longer: a stand-in for queries
 */
record Corpus(List<String> passages, List<String> headings) {

  /** The corpus of this example: a paragraph or a heading ("# ") a line. */
  static Corpus read(int most) throws IOException {
    Set<String> passages = new LinkedHashSet<>();
    Set<String> headings = new LinkedHashSet<>();
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(
                Objects.requireNonNull(Corpus.class.getResourceAsStream("passages.txt")),
                StandardCharsets.UTF_8))) {
      for (String line = lines.readLine();
          line != null && passages.size() < most;
          line = lines.readLine()) {
        if (line.startsWith("# ")) {
          if (line.split(" ").length > 4) {
            headings.add(line.substring(2));
          }
        } else if (!line.isEmpty()) {
          passages.add(line);
        }
      }
    }
    return new Corpus(new ArrayList<>(passages), new ArrayList<>(headings));
  }
}
