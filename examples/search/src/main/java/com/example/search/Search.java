package com.example.search;

import io.github.neuronembed.BackendChoice;
import io.github.neuronembed.EmbeddingException;
import io.github.neuronembed.TextEmbedder;
import io.github.neuronembed.model.ModelDirectory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Embeds a corpus into a store that outlives the process, asks it questions, and measures how many
 * of the truly nearest passages the store's index finds.
 */
public final class Search {

  private static final String USAGE =
      "usage: Search MODEL_DIRECTORY [--backend auto|onnx|cpu|neuron|emulator] [--passages N]"
          + " [--store lucene|pgvector] [--index FOLDER] [--url JDBC_URL] [QUESTION]";

  private static final String QUESTION = "How do I keep my data safe when the power fails?";
  private static final int HITS = 10;
  private static final int SHOWN = 3;

  /** So much is lost at most when the program is interrupted. */
  private static final int BATCH = 256;

  private final TextEmbedder embedder;
  private final Store store;

  private Search(TextEmbedder embedder, Store store) {
    this.embedder = embedder;
    this.store = store;
  }

  public static void main(String[] args) {
    try {
      run(args);
    } catch (IllegalArgumentException | EmbeddingException | IOException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }

  private static void run(String[] args) throws IOException {
    Path model = null;
    BackendChoice backend = BackendChoice.AUTO;
    String store = "lucene";
    Path index = Path.of("target", "index");
    String url = "jdbc:postgresql://localhost/search";
    int most = Integer.MAX_VALUE;
    List<String> question = new ArrayList<>();
    Iterator<String> words = List.of(args).iterator();
    while (words.hasNext()) {
      String word = words.next();
      if (!word.startsWith("--")) {
        if (model == null) {
          model = Path.of(word);
        } else {
          question.add(word);
        }
        continue;
      }
      if (!words.hasNext()) {
        throw new IllegalArgumentException(USAGE);
      }
      String value = words.next();
      try {
        switch (word) {
          case "--backend" -> backend = BackendChoice.valueOf(value.toUpperCase(Locale.ROOT));
          case "--store" -> store = value;
          case "--index" -> index = Path.of(value);
          case "--url" -> url = value;
          case "--passages" -> most = Integer.parseInt(value);
          default -> throw new IllegalArgumentException(word);
        }
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "not understood: " + word + " " + value + "\n" + USAGE, e);
      }
    }
    if (model == null || !Set.of("lucene", "pgvector").contains(store)) {
      throw new IllegalArgumentException(USAGE);
    }
    Corpus corpus = Corpus.read(most);
    try (TextEmbedder embedder =
        TextEmbedder.builder().model(ModelDirectory.open(model)).backend(backend).build()) {
      System.out.println("backend: " + embedder.backend());
      System.out.println("because: " + embedder.backendReason());
      try (Store opened =
          store.equals("lucene")
              ? new LuceneStore(index, embedder.modelName())
              : new PgVectorStore(url, embedder.modelName(), embedder.dimension())) {
        Search search = new Search(embedder, opened);
        search.index(corpus.passages());
        search.answer(question.isEmpty() ? QUESTION : String.join(" ", question));
        search.measureRecall(corpus.headings());
      }
    }
  }

  /** Embeds what the store does not have yet. */
  private void index(List<String> passages) throws IOException {
    Set<String> there = store.ids();
    List<String> missing = new ArrayList<>();
    for (String passage : passages) {
      if (!there.contains(Store.id(passage))) {
        missing.add(passage);
      }
    }
    long begin = System.nanoTime();
    for (int start = 0; start < missing.size(); start += BATCH) {
      List<String> batch = missing.subList(start, Math.min(start + BATCH, missing.size()));
      store.add(batch, embedder.embedPassages(batch));
    }
    System.out.printf(
        Locale.ROOT,
        "index: %d passages were there, %d embedded in %.1f s%n",
        there.size(),
        missing.size(),
        (System.nanoTime() - begin) / 1e9);
  }

  /** Shows what is nearest to a question. The embedder puts the model's query prefix before it. */
  private void answer(String question) throws IOException {
    System.out.println("question: " + question);
    for (Store.Hit hit : store.nearest(embedder.embedQuery(question), SHOWN)) {
      System.out.printf(Locale.ROOT, "hit: %.3f %s%n", hit.cosine(), hit.text());
    }
  }

  /** The share of the ten nearest passages that the index finds. */
  private void measureRecall(List<String> queries) throws IOException {
    if (queries.isEmpty()) {
      return; // So few passages have no heading of enough words.
    }
    int found = 0;
    int wanted = 0;
    for (String query : queries) {
      float[] vector = embedder.embedQuery(query);
      Set<String> texts = new HashSet<>();
      store.nearest(vector, HITS).forEach(hit -> texts.add(hit.text()));
      for (Store.Hit hit : store.exact(vector, HITS)) {
        wanted++;
        found += texts.contains(hit.text()) ? 1 : 0;
      }
    }
    System.out.printf(
        Locale.ROOT,
        "recall@%d: %.4f over %d queries%n",
        HITS,
        (double) found / wanted,
        queries.size());
  }
}
