package io.github.neuronembed.springai;

import io.github.neuronembed.RankedText;
import io.github.neuronembed.Reranker;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.document.Document;
import org.springframework.ai.document.MetadataMode;
import org.springframework.ai.rag.Query;
import org.springframework.ai.rag.postretrieval.document.DocumentPostProcessor;

/**
 * Spring AI's {@link DocumentPostProcessor} over a {@link Reranker}, which stays the caller's:
 * orders what was retrieved by how well it answers the query.
 *
 * <p>One document is urgent, and refused at once when too much is waiting; several go to the
 * engine's bulk lane as a whole, and wait for room. Failures are the reranker's own exceptions.
 *
 * <p>Thread-safe.
 */
public final class NeuronDocumentPostProcessor implements DocumentPostProcessor {

  private final Reranker reranker;
  private final int topN;
  private final @Nullable Double minScore;
  private final MetadataMode metadataMode;

  private NeuronDocumentPostProcessor(Reranker reranker, Builder builder) {
    this.reranker = reranker;
    this.topN = builder.topN;
    this.minScore = builder.minScore;
    this.metadataMode = builder.metadataMode;
  }

  /**
   * Starts the description of a post-processor.
   *
   * @param reranker what computes; stays the caller's, who closes it
   */
  public static Builder builder(Reranker reranker) {
    return new Builder(Objects.requireNonNull(reranker, "reranker"));
  }

  /**
   * Orders documents, the best first; of equal scores the first document's first.
   *
   * @return a new list of at most {@link Builder#topN} new documents, which differ from the given
   *     ones by their score: the reranker's, in place of the retriever's
   * @throws IllegalArgumentException if a document has no text
   */
  @Override
  public List<Document> process(Query query, List<Document> documents) {
    List<String> texts =
        documents.stream().map(document -> Texts.of(document, metadataMode)).toList();
    float[] scores =
        texts.size() == 1
            ? new float[] {reranker.score(query.text(), texts.get(0))}
            : reranker.score(query.text(), texts);
    return Reranker.ranked(scores).stream()
        .filter(ranked -> minScore == null || ranked.score() >= minScore)
        .limit(topN)
        .map(ranked -> scored(documents.get(ranked.index()), ranked))
        .toList();
  }

  private static Document scored(Document document, RankedText ranked) {
    Document scored = document.mutate().score((double) ranked.score()).build();
    // A document's copy has the default one.
    scored.setContentFormatter(document.getContentFormatter());
    return scored;
  }

  /** Describes a post-processor. Not thread-safe. */
  public static final class Builder {

    private final Reranker reranker;
    private int topN = Integer.MAX_VALUE;
    private @Nullable Double minScore;
    private MetadataMode metadataMode = MetadataMode.NONE;

    private Builder(Reranker reranker) {
      this.reranker = reranker;
    }

    /**
     * The most documents that are kept; all by default.
     *
     * @throws IllegalArgumentException if it is less than 1
     */
    public Builder topN(int documents) {
      if (documents < 1) {
        throw new IllegalArgumentException(
            "top-n is the number of documents to keep, at least 1, not %s.".formatted(documents));
      }
      this.topN = documents;
      return this;
    }

    /**
     * The least score of a document that is kept: a logit, or 0 to 1 where the reranker's scores
     * are sigmoids; by default, and with null, there is none.
     */
    public Builder minScore(@Nullable Double least) {
      this.minScore = least;
      return this;
    }

    /** Which of a document's metadata is scored with its text; none by default. */
    public Builder metadataMode(MetadataMode mode) {
      this.metadataMode = Objects.requireNonNull(mode, "mode");
      return this;
    }

    /** Makes the post-processor. */
    public NeuronDocumentPostProcessor build() {
      return new NeuronDocumentPostProcessor(reranker, this);
    }
  }
}
