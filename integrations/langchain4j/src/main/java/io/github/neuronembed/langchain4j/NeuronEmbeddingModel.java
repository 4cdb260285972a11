package io.github.neuronembed.langchain4j;

import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.embedding.listener.EmbeddingModelListener;
import dev.langchain4j.model.embedding.request.EmbeddingInput;
import dev.langchain4j.model.embedding.request.EmbeddingInputType;
import dev.langchain4j.model.embedding.request.EmbeddingParameter;
import dev.langchain4j.model.embedding.request.EmbeddingRequest;
import dev.langchain4j.model.embedding.request.EmbeddingRequestParameters;
import dev.langchain4j.model.embedding.response.EmbeddingResponse;
import dev.langchain4j.model.output.Response;
import io.github.neuronembed.EmbeddedText;
import io.github.neuronembed.InputType;
import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.TextEmbedder;
import io.github.neuronembed.TextEmbedderBuilder;
import io.github.neuronembed.engine.RequestOptions;
import io.github.neuronembed.model.ModelDirectory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * LangChain4j's {@link EmbeddingModel} with a {@link TextEmbedder}.
 *
 * <p>{@link EmbeddingRequestParameters#INPUT_TYPE} is the only parameter that a request can have: a
 * {@link EmbeddingInputType#QUERY} gets the model's query prefix; a {@link
 * EmbeddingInputType#DOCUMENT}, and a request without input type, is a passage. LangChain4j rejects
 * other parameters, and content that is not text, with an {@link
 * dev.langchain4j.exception.UnsupportedFeatureException}.
 *
 * <p>A single text has priority, and is rejected at once when the queue is full; several texts go
 * to the engine's bulk lane as a whole and wait for space in the queue. Failures are the embedder's
 * own exceptions, see {@link TextEmbedder}. A text that is too long is truncated, unless the
 * embedder is strict.
 *
 * <p>The token usage counts the tokens that the model reads: with special tokens and prefix,
 * without truncated tokens. {@link NeuronEmbeddingResponseMetadata} of a response names the
 * truncated texts and the token count of each text; so does the metadata of a {@link Response}, by
 * {@link NeuronEmbeddingResponseMetadata#asMap}.
 *
 * <p>Thread-safe.
 */
public final class NeuronEmbeddingModel implements EmbeddingModel, AutoCloseable {

  private static final Executor THREADS =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "neuron-embed-langchain4j");
            thread.setDaemon(true);
            return thread;
          });

  private final TextEmbedder embedder;
  private final boolean owned;
  private final List<EmbeddingModelListener> listeners;
  private final Executor executor;

  private NeuronEmbeddingModel(
      TextEmbedder embedder,
      boolean owned,
      List<EmbeddingModelListener> listeners,
      Executor executor) {
    this.embedder = embedder;
    this.owned = owned;
    this.listeners = listeners;
    this.executor = executor;
  }

  /** A builder of a model; an embedder or a model directory is required. */
  public static Builder builder() {
    return new Builder();
  }

  @Override
  public EmbeddingResponse doEmbed(EmbeddingRequest request) {
    List<String> texts = texts(request);
    InputType type = inputType(request);
    return response(
        texts.size() == 1
            ? List.of(embedder.embedAndCount(texts.get(0), type, RequestOptions.INTERACTIVE))
            : embedder.embedAndCount(texts, type, RequestOptions.BULK));
  }

  @Override
  public Response<Embedding> embed(TextSegment segment) {
    EmbeddingResponse response = embed(EmbeddingRequest.builder().textSegment(segment).build());
    return withMetadata(response, response.embeddings().get(0));
  }

  @Override
  public Response<List<Embedding>> embedAll(@Nullable List<TextSegment> segments) {
    if (segments == null || segments.isEmpty()) {
      return Response.from(List.of());
    }
    EmbeddingResponse response = embed(EmbeddingRequest.builder().textSegments(segments).build());
    return withMetadata(response, response.embeddings());
  }

  // LangChain4j's own methods do not return the metadata (1.20.0).
  private static <T> Response<T> withMetadata(EmbeddingResponse response, T content) {
    return response.metadata() instanceof NeuronEmbeddingResponseMetadata metadata
        ? new Response<>(content, response.tokenUsage(), null, metadata.asMap())
        : Response.from(content, response.tokenUsage());
  }

  /**
   * Embeds without waiting. A request of one text blocks no thread. A request of several texts
   * blocks a thread of the executor while it waits for space in the engine's queue. The future
   * completes on the executor, never on an engine thread; cancelling it withdraws the texts that
   * have not begun.
   */
  @Override
  public CompletableFuture<EmbeddingResponse> doEmbedAsync(EmbeddingRequest request) {
    List<String> texts = texts(request);
    InputType type = inputType(request);
    CompletableFuture<EmbeddingResponse> response = new CompletableFuture<>();
    if (texts.size() == 1) {
      answer(
          response,
          List.of(embedder.embedAndCountAsync(texts.get(0), type, RequestOptions.INTERACTIVE)));
    } else {
      executor.execute(() -> submit(texts, type, response));
    }
    return response;
  }

  private void submit(
      List<String> texts, InputType type, CompletableFuture<EmbeddingResponse> response) {
    List<CompletableFuture<EmbeddedText>> results = new ArrayList<>(texts.size());
    try {
      for (String text : texts) {
        if (response.isDone()) {
          throw new CancellationException();
        }
        results.add(embedder.embedAndCountAsync(text, type, RequestOptions.BULK));
      }
      answer(response, results);
    } catch (RuntimeException | Error e) {
      results.forEach(result -> result.cancel(false));
      response.completeExceptionally(e);
    }
  }

  /** Completes the response when all results are complete or failed. */
  private void answer(
      CompletableFuture<EmbeddingResponse> response,
      List<CompletableFuture<EmbeddedText>> results) {
    var unusedAnswer =
        CompletableFuture.allOf(results.toArray(CompletableFuture[]::new))
            .handleAsync(
                (nothing, failure) ->
                    failure == null
                        ? response.complete(
                            response(results.stream().map(CompletableFuture::join).toList()))
                        : response.completeExceptionally(cause(failure)),
                executor)
            .exceptionally(refusedByExecutor -> response.completeExceptionally(refusedByExecutor));
    var unusedWithdrawal =
        response.exceptionally(
            failure -> {
              results.forEach(result -> result.cancel(false));
              return null;
            });
  }

  private static Throwable cause(Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : null;
    return cause == null ? failure : cause;
  }

  private EmbeddingResponse response(List<EmbeddedText> results) {
    return EmbeddingResponse.builder()
        .embeddings(results.stream().map(result -> Embedding.from(result.vector())).toList())
        .metadata(new NeuronEmbeddingResponseMetadata(modelName(), results))
        .build();
  }

  private static List<String> texts(EmbeddingRequest request) {
    return request.inputs().stream().map(EmbeddingInput::text).toList();
  }

  private static InputType inputType(EmbeddingRequest request) {
    return request.inputType() == EmbeddingInputType.QUERY ? InputType.QUERY : InputType.PASSAGE;
  }

  @Override
  public Set<EmbeddingParameter<?>> supportedParameters() {
    return Set.of(EmbeddingRequestParameters.INPUT_TYPE);
  }

  @Override
  public List<EmbeddingModelListener> listeners() {
    return listeners;
  }

  // LangChain4j's own wrapper for added listeners does not support asynchronous calls (1.20.0).
  /** A model over the same embedder that also calls these listeners. */
  @Override
  public NeuronEmbeddingModel addListeners(@Nullable List<EmbeddingModelListener> added) {
    if (added == null || added.isEmpty()) {
      return this;
    }
    List<EmbeddingModelListener> all = new ArrayList<>(listeners);
    all.addAll(added);
    return new NeuronEmbeddingModel(embedder, owned, List.copyOf(all), executor);
  }

  @Override
  public int dimension() {
    return embedder.dimension();
  }

  @Override
  public String modelName() {
    return embedder.modelName();
  }

  /**
   * Closes the embedder if this model opened it; an embedder that was passed stays open. Does
   * nothing when it is closed already.
   */
  @Override
  public void close() {
    if (owned) {
      embedder.close();
    }
  }

  /** Builds a model. Not thread-safe. */
  public static final class Builder {

    private @Nullable TextEmbedder embedder;
    private @Nullable Path modelDirectory;
    private Consumer<TextEmbedderBuilder> options = builder -> {};
    private List<EmbeddingModelListener> listeners = List.of();
    private Executor executor = THREADS;

    private Builder() {}

    /** The embedder, which the caller owns: closing the model does not close it. */
    public Builder embedder(TextEmbedder given) {
      this.embedder = given;
      return this;
    }

    /** The model directory for an embedder that the model opens and closes. */
    public Builder modelDirectory(Path folder) {
      this.modelDirectory = folder;
      return this;
    }

    /** Changes the options of the embedder that the model opens. */
    public Builder options(Consumer<TextEmbedderBuilder> changes) {
      this.options = changes;
      return this;
    }

    /** Receives each request, its response or its failure. */
    public Builder listeners(List<EmbeddingModelListener> targets) {
      this.listeners = List.copyOf(targets);
      return this;
    }

    /**
     * The executor on which asynchronous calls wait and complete; by default daemon threads,
     * created as needed.
     */
    public Builder executor(Executor threads) {
      this.executor = Objects.requireNonNull(threads, "threads");
      return this;
    }

    /**
     * Creates the model, and opens its embedder if none was passed.
     *
     * @throws IllegalStateException unless exactly one of embedder and model directory was passed
     * @throws ModelLoadException if the model directory cannot be served
     * @throws io.github.neuronembed.BackendUnavailableException if the backend is not available on
     *     this machine
     */
    public NeuronEmbeddingModel build() {
      if (embedder != null && modelDirectory == null) {
        return new NeuronEmbeddingModel(embedder, false, listeners, executor);
      }
      if (embedder == null && modelDirectory != null) {
        TextEmbedderBuilder opened =
            TextEmbedder.builder().model(ModelDirectory.open(modelDirectory));
        options.accept(opened);
        return new NeuronEmbeddingModel(opened.build(), true, listeners, executor);
      }
      throw new IllegalStateException(
          "Give either embedder(...) or modelDirectory(...): %s was given."
              .formatted(embedder == null ? "neither" : "both"));
    }
  }
}
