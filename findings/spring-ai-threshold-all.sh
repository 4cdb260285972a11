#!/usr/bin/env bash
# Spring AI's SearchRequest has similarityThresholdAll(), "accept all", which is also the default. SimpleVectorStore then
# still drops each document whose cosine with the query is below 0: fewer than topK come back from a store that has more.
# Some models' vectors point in all directions, so that half of the documents may be below 0.
work=$(mktemp -d)
. "$(dirname "$0")/java-program"
artifacts org.springframework.ai:spring-ai-vector-store:2.0.1
cat >"$work/All.java" <<'JAVA'
import java.util.ArrayList;
import java.util.List;
import org.springframework.ai.document.Document;
import org.springframework.ai.embedding.Embedding;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.embedding.EmbeddingRequest;
import org.springframework.ai.embedding.EmbeddingResponse;
import org.springframework.ai.vectorstore.SearchRequest;
import org.springframework.ai.vectorstore.SimpleVectorStore;

public class All {
  /** "a" and every query are [1, 0], "b" is [0, 1], "c" is [-0.1, 1]. */
  static class Model implements EmbeddingModel {
    @Override
    public EmbeddingResponse call(EmbeddingRequest request) {
      List<Embedding> vectors = new ArrayList<>();
      for (String text : request.getInstructions()) {
        vectors.add(new Embedding(vector(text), vectors.size()));
      }
      return new EmbeddingResponse(vectors);
    }

    @Override
    public float[] embed(Document document) {
      return vector(document.getText());
    }

    private static float[] vector(String text) {
      return text.equals("c") ? new float[] {-0.1f, 1} : text.equals("b") ? new float[] {0, 1} : new float[] {1, 0};
    }
  }

  public static void main(String[] args) {
    SimpleVectorStore store = SimpleVectorStore.builder(new Model()).build();
    store.add(List.of(new Document("a"), new Document("b"), new Document("c")));
    List<Document> found =
        store.similaritySearch(SearchRequest.builder().query("query").topK(3).similarityThresholdAll().build());
    System.out.println("3 documents in the store, the best 3 of all asked for: " + found.size());
    found.forEach(document -> System.out.println(document.getText() + " " + document.getScore()));
    System.exit(found.size() == 2 ? 0 : 1);
  }
}
JAVA
java_program All || exit 1
