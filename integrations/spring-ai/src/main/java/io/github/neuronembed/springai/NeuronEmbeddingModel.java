package io.github.neuronembed.springai;

import io.github.neuronembed.EmbeddedText;
import io.github.neuronembed.InputType;
import io.github.neuronembed.TextEmbedder;
import io.github.neuronembed.engine.RequestOptions;
import io.micrometer.observation.ObservationRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.document.Document;
import org.springframework.ai.document.MetadataMode;
import org.springframework.ai.embedding.Embedding;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.embedding.EmbeddingOptions;
import org.springframework.ai.embedding.EmbeddingRequest;
import org.springframework.ai.embedding.EmbeddingResponse;
import org.springframework.ai.embedding.EmbeddingResponseMetadata;
import org.springframework.ai.embedding.observation.DefaultEmbeddingModelObservationConvention;
import org.springframework.ai.embedding.observation.EmbeddingModelObservationContext;
import org.springframework.ai.embedding.observation.EmbeddingModelObservationConvention;
import org.springframework.ai.embedding.observation.EmbeddingModelObservationDocumentation;

/**
 * Spring AI's {@link EmbeddingModel} with a {@link TextEmbedder}, which the caller owns.
 *
 * <p>Spring AI does not say whether a text is a query. This model decides by the method that the
 * vector stores call. They embed a search text as a single string ({@link #embed(String)}), so a
 * single string is a query and gets the model's query prefix, unless {@link Builder#textType}
 * changes this. Documents, and the texts of a request, are passages. {@link NeuronEmbeddingOptions}
 * state the type explicitly.
 *
 * <p>A single text has priority, and is rejected at once when the queue is full; several texts go
 * to the engine's bulk lane as a whole and wait for space in the queue. Failures are the embedder's
 * own exceptions, see {@link TextEmbedder}. A text that is too long is truncated, unless the
 * embedder is strict. The usage counts the tokens that the model reads: with special tokens and
 * prefix, without truncated tokens. The metadata of a response has {@value #TOKEN_COUNTS} and
 * {@value #CUT_TEXTS}.
 *
 * <p>Thread-safe.
 */
public final class NeuronEmbeddingModel implements EmbeddingModel {

  /**
   * Key of a response's metadata: a {@code List<Integer>} of the token count of each text before
   * truncation, including special tokens and prefix, in their order.
   */
  public static final String TOKEN_COUNTS = "tokenCounts";

  /**
   * Key of a response's metadata: a {@code List<Integer>} of the indices of the truncated texts,
   * from 0, ascending.
   */
  public static final String CUT_TEXTS = "cutTexts";

  private static final String PROVIDER = "neuron-embed";
  private static final EmbeddingModelObservationConvention DEFAULT_CONVENTION =
      new DefaultEmbeddingModelObservationConvention();

  private final TextEmbedder embedder;
  private final InputType textType;
  private final MetadataMode metadataMode;
  private final ObservationRegistry observations;
  private final @Nullable EmbeddingModelObservationConvention convention;

  private NeuronEmbeddingModel(TextEmbedder embedder, Builder builder) {
    this.embedder = embedder;
    this.textType = builder.textType;
    this.metadataMode = builder.metadataMode;
    this.observations = builder.observations;
    this.convention = builder.convention;
  }

  /**
   * A builder of a model.
   *
   * @param embedder computes the vectors; owned and closed by the caller
   */
  public static Builder builder(TextEmbedder embedder) {
    return new Builder(Objects.requireNonNull(embedder, "embedder"));
  }

  /**
   * Embeds texts. They are passages, unless the options are {@link NeuronEmbeddingOptions} of
   * another type.
   *
   * @return an embedding for each text, in their order, with its index from 0
   * @throws IllegalArgumentException if the options request another model or other dimensions
   */
  @Override
  public EmbeddingResponse call(EmbeddingRequest request) {
    EmbeddingOptions options = request.getOptions();
    requireOwn(options);
    InputType type =
        options instanceof NeuronEmbeddingOptions own ? own.inputType() : InputType.PASSAGE;
    return embed(request.getInstructions(), type);
  }

  private void requireOwn(@Nullable EmbeddingOptions options) {
    if (options == null) {
      return;
    }
    String model = options.getModel();
    if (model != null && !model.equals(embedder.modelName())) {
      throw new IllegalArgumentException(
          "The options ask for the model %s, this is %s: leave the model out."
              .formatted(model, embedder.modelName()));
    }
    Integer dimensions = options.getDimensions();
    if (dimensions != null && dimensions != embedder.dimension()) {
      throw new IllegalArgumentException(
          "The options ask for %s dimensions, and the embedder of %s gives %s: leave them out, or build it with others."
              .formatted(dimensions, embedder.modelName(), embedder.dimension()));
    }
  }

  /** Embeds a query, or a text of the type that {@link Builder#textType} sets. */
  @Override
  public float[] embed(String text) {
    return embed(List.of(text), textType).getResults().get(0).getOutput();
  }

  /**
   * Embeds what is to be found.
   *
   * @throws IllegalArgumentException if the document has no text
   */
  @Override
  public float[] embed(Document document) {
    return embed(List.of(getEmbeddingContent(document)), InputType.PASSAGE)
        .getResults()
        .get(0)
        .getOutput();
  }

  /** The document's text, with the metadata that {@link Builder#metadataMode} selects. */
  @Override
  public String getEmbeddingContent(Document document) {
    return Texts.of(document, metadataMode);
  }

  private EmbeddingResponse embed(List<String> texts, InputType type) {
    EmbeddingOptions options =
        EmbeddingOptions.builder()
            .model(embedder.modelName())
            .dimensions(embedder.dimension())
            .build();
    EmbeddingModelObservationContext context =
        EmbeddingModelObservationContext.builder()
            .embeddingRequest(new EmbeddingRequest(texts, options))
            .provider(PROVIDER)
            .build();
    return Objects.requireNonNull(
        EmbeddingModelObservationDocumentation.EMBEDDING_MODEL_OPERATION
            .observation(convention, DEFAULT_CONVENTION, () -> context, observations)
            .observe(
                () -> {
                  EmbeddingResponse response = compute(texts, type);
                  context.setResponse(response);
                  return response;
                }));
  }

  private EmbeddingResponse compute(List<String> texts, InputType type) {
    List<EmbeddedText> results =
        texts.size() == 1
            ? List.of(embedder.embedAndCount(texts.get(0), type, RequestOptions.INTERACTIVE))
            : embedder.embedAndCount(texts, type, RequestOptions.BULK);
    List<Embedding> embeddings = new ArrayList<>(results.size());
    List<Integer> cut = new ArrayList<>();
    long tokens = 0;
    for (EmbeddedText result : results) {
      if (result.isCut()) {
        cut.add(embeddings.size());
      }
      tokens += result.embeddedTokenCount();
      embeddings.add(new Embedding(result.vector(), embeddings.size()));
    }
    return new EmbeddingResponse(
        embeddings,
        new EmbeddingResponseMetadata(
            embedder.modelName(),
            new DefaultUsage((int) Math.min(tokens, Integer.MAX_VALUE), 0),
            Map.of(
                TOKEN_COUNTS,
                results.stream().map(EmbeddedText::tokenCount).toList(),
                CUT_TEXTS,
                List.copyOf(cut))));
  }

  @Override
  public int dimensions() {
    return embedder.dimension();
  }

  /** Builds a model. Not thread-safe. */
  public static final class Builder {

    private final TextEmbedder embedder;
    private InputType textType = InputType.QUERY;
    private MetadataMode metadataMode = MetadataMode.NONE;
    private ObservationRegistry observations = ObservationRegistry.NOOP;
    private @Nullable EmbeddingModelObservationConvention convention;

    private Builder(TextEmbedder embedder) {
      this.embedder = embedder;
    }

    /** The type of a single string; {@link InputType#QUERY} by default. */
    public Builder textType(InputType type) {
      this.textType = Objects.requireNonNull(type, "type");
      return this;
    }

    /** The metadata of a document that are embedded with its text; none by default. */
    public Builder metadataMode(MetadataMode mode) {
      this.metadataMode = Objects.requireNonNull(mode, "mode");
      return this;
    }

    /** The registry for observations; none by default. */
    public Builder observationRegistry(ObservationRegistry registry) {
      this.observations = Objects.requireNonNull(registry, "registry");
      return this;
    }

    /** The names and tags of observations; Spring AI's own by default. */
    public Builder observationConvention(
        @Nullable EmbeddingModelObservationConvention replacement) {
      this.convention = replacement;
      return this;
    }

    /** Creates the model. */
    public NeuronEmbeddingModel build() {
      return new NeuronEmbeddingModel(embedder, this);
    }
  }
}
