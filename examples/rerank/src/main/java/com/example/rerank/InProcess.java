package com.example.rerank;

import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.embedding.request.EmbeddingInputType;
import dev.langchain4j.rag.content.Content;
import dev.langchain4j.rag.content.ContentMetadata;
import dev.langchain4j.rag.content.aggregator.ContentAggregator;
import dev.langchain4j.rag.content.aggregator.ReRankingContentAggregator;
import dev.langchain4j.rag.content.retriever.ContentRetriever;
import dev.langchain4j.rag.content.retriever.EmbeddingStoreContentRetriever;
import dev.langchain4j.rag.query.Query;
import dev.langchain4j.store.embedding.EmbeddingStore;
import dev.langchain4j.store.embedding.inmemory.InMemoryEmbeddingStore;
import io.github.neuronembed.Reranker;
import io.github.neuronembed.langchain4j.NeuronEmbeddingModel;
import io.github.neuronembed.langchain4j.NeuronScoringModel;
import io.github.neuronembed.model.CrossEncoderDirectory;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Retrieves and reranks in the application's own process, with LangChain4j's parts. */
public final class InProcess {

  private InProcess() {}

  /** Arguments: the directories of an embedding model and of a cross-encoder. */
  public static void main(String[] args) {
    if (args.length != 2) {
      System.err.println("usage: InProcess MODEL_DIRECTORY RERANKER_DIRECTORY");
      System.exit(2);
    }
    try (NeuronEmbeddingModel model =
            NeuronEmbeddingModel.builder().modelDirectory(Path.of(args[0])).build();
        Reranker reranker =
            Reranker.builder()
                .model(CrossEncoderDirectory.open(Path.of(args[1])))
                .sigmoid(true)
                .build()) {
      List<TextSegment> segments = HelpDesk.PASSAGES.stream().map(TextSegment::from).toList();
      EmbeddingStore<TextSegment> store = new InMemoryEmbeddingStore<>();
      store.addAll(model.embedAll(segments).content(), segments);
      ContentRetriever retriever =
          EmbeddingStoreContentRetriever.builder()
              .embeddingStore(store)
              .embeddingModel(model)
              .embeddingInputType(EmbeddingInputType.QUERY)
              .maxResults(HelpDesk.RETRIEVED)
              .build();
      ContentAggregator aggregator =
          ReRankingContentAggregator.builder()
              .scoringModel(new NeuronScoringModel(reranker))
              .maxResults(HelpDesk.KEPT)
              .build();

      Query query = Query.from(HelpDesk.QUESTION);
      List<Content> retrieved = retriever.retrieve(query);
      List<Content> kept = aggregator.aggregate(Map.of(query, List.of(retrieved)));

      // LangChain4j's relevance is (1 + cosine) / 2.
      retrieved.forEach(
          content ->
              HelpDesk.show(
                  "retrieved",
                  2 * number(content, ContentMetadata.SCORE) - 1,
                  content.textSegment().text()));
      kept.forEach(
          content ->
              HelpDesk.show(
                  "reranked",
                  number(content, ContentMetadata.RERANKED_SCORE),
                  content.textSegment().text()));
    }
  }

  private static double number(Content content, ContentMetadata key) {
    return ((Number) content.metadata().get(key)).doubleValue();
  }
}
