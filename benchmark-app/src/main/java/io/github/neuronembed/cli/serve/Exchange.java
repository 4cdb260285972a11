package io.github.neuronembed.cli.serve;

import io.github.neuronembed.InputType;
import io.github.neuronembed.Reranker;
import io.github.neuronembed.TokenizedPair;
import io.github.neuronembed.TokenizedText;
import io.github.neuronembed.TruncationPolicy;
import io.github.neuronembed.engine.Lane;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One request with a body, from its head to the end of its answer. It runs on the event loop.
 * {@link #work} and the methods that it calls run on workers, and share only final or volatile
 * fields with the event loop.
 *
 * <p>Memory: the body counts until its texts are token ids. The answer counts from before its texts
 * are computed until it is sent. The code that holds a part at that time gives it back, not the
 * code that notices that the client is gone.
 */
final class Exchange {

  private enum State {
    /** The body is arriving. */
    RECEIVING,
    /** The request is being served. */
    WORKING,
    /** It is answered, or nobody waits for an answer. */
    OVER
  }

  private final EmbeddingServer server;
  private final Route route;
  private final HttpServerRequest request;
  private final long startNanos = System.nanoTime();
  private final Lane lane;
  private final @Nullable InputType typeOfHeader;
  private final EmbeddingJob job;
  private final RequestBody body;
  private long timer;
  private volatile State state = State.RECEIVING;

  /**
   * Begins it.
   *
   * @throws HttpError if a header is invalid; then it has not begun
   */
  Exchange(EmbeddingServer server, Route route, HttpServerRequest request) {
    this.server = server;
    this.route = route;
    this.request = request;
    this.lane = lane(request.getHeader("X-Priority"));
    String type = request.getHeader("X-Input-Type");
    this.typeOfHeader = type == null ? null : InputTypes.of(type, "X-Input-Type");
    ServerOptions options = server.options();
    this.job = server.newJob(lane, startNanos + options.requestTimeout().toNanos());
    this.body = new RequestBody(server.bodies());
    this.timer = server.after(options.receiveTimeout(), this::bodyTimedOut);
  }

  private static Lane lane(@Nullable String priority) {
    if (priority == null || priority.equals("interactive")) {
      return Lane.INTERACTIVE;
    }
    if (priority.equals("bulk")) {
      return Lane.BULK;
    }
    throw HttpError.invalid("X-Priority", "'X-Priority' is neither interactive nor bulk.");
  }

  /** Receives the body. */
  void receive() {
    request.response().closeHandler(closed -> gone());
    request.exceptionHandler(broken -> gone());
    request.handler(this::received);
    request.endHandler(end -> receivedAll());
    if ("100-continue".equalsIgnoreCase(request.getHeader("Expect"))) {
      request.response().writeContinue();
    }
  }

  private void received(Buffer chunk) {
    if (state != State.RECEIVING) {
      // Answered already: discard the rest of the body, so that the client reads the answer.
      return;
    }
    try {
      if (body.length() + (long) chunk.length() > server.options().maxBodyBytes()) {
        fail(server.bodyTooLarge());
      } else if (!body.append(chunk)) {
        fail(RequestsInFlight.tooMany());
      }
    } catch (RuntimeException | Error e) {
      fail(e);
    }
  }

  private void receivedAll() {
    if (state != State.RECEIVING) {
      server.connections().answered(request);
      return;
    }
    server.cancelTimer(timer);
    if (!server.requests().begin()) {
      fail(RequestsInFlight.tooMany());
      return;
    }
    state = State.WORKING;
    server.connections().serving(request);
    Duration timeout = server.options().requestTimeout();
    timer = server.after(timeout.minusNanos(System.nanoTime() - startNanos), this::timedOut);
    server.workers().execute(this::work);
  }

  /** Runs on a worker: reads the body, and continues in the lane's pool. */
  private void work() {
    boolean handedOn = false;
    try {
      if (state == State.OVER) {
        return;
      }
      Call call = route.reader().read(body);
      body.drop();
      if (call instanceof EmbeddingCall texts) {
        List<TokenizedText> tokens = tokenize(texts);
        expect(texts, tokens);
        List<int[]> tokenIds = tokens.stream().map(TokenizedText::ids).toList();
        handedOn = inLane(() -> job.submitTexts(tokenIds));
      } else if (call instanceof RerankCall pairs) {
        Reranker reranker = server.reranker();
        List<TokenizedPair> tokens = EmbeddingJob.tokenize(reranker, pairs);
        expect(pairs, tokens);
        handedOn = inLane(() -> job.submitPairs(reranker, tokens));
      } else if (call instanceof Call.OfTokenizer words) {
        answer(words);
      }
    } catch (RuntimeException | Error e) {
      failOnLoop(e);
    } finally {
      if (!handedOn) {
        body.close();
      }
    }
  }

  /**
   * Submits work to an engine. Bulk work goes to a worker that may wait for space in the engine.
   *
   * @return whether that worker now holds the body
   */
  private boolean inLane(Runnable submission) {
    if (lane != Lane.BULK) {
      submission.run();
      return false;
    }
    server.bulkWorkers().execute(() -> submitted(submission));
    return true;
  }

  private void submitted(Runnable submission) {
    try (body) {
      submission.run();
    }
  }

  private TruncationPolicy truncation(@Nullable TruncationPolicy asked) {
    return asked != null ? asked : server.options().truncation();
  }

  private List<TokenizedText> tokenize(EmbeddingCall call) {
    InputType type = call.type() != null ? call.type() : typeOfHeader;
    return job.tokenize(
        call.inputs(), type != null ? type : InputType.PASSAGE, truncation(call.truncation()));
  }

  /** Reserves memory for the answer, and writes the answer when the vectors are there. */
  private void expect(EmbeddingCall call, List<TokenizedText> texts) {
    int count = texts.size();
    VectorForm form = call.form();
    long written = call.answer().bytes(count, form.dimension());
    MemoryBudget.Part memory = server.answer(written + form.bytes(count));
    long tokens = texts.stream().mapToLong(text -> text.ids().length).sum();
    Map<String, String> headers = TokenHeaders.of(texts, tokens, call.inputs().characters());
    EmbeddingCall.Answer answer = call.answer();
    answerWith(
        memory, written, headers, (vectors, out) -> answer.write(form.of(vectors), tokens, out));
  }

  private void expect(RerankCall call, List<TokenizedPair> pairs) {
    long written = call.answer().bytes();
    MemoryBudget.Part memory = server.answer(written + (long) Float.BYTES * pairs.size());
    List<TokenizedText> sides =
        pairs.stream()
            .map(pair -> new TokenizedText(pair.tokens().ids(), pair.tokenCount()))
            .toList();
    long tokens = sides.stream().mapToLong(side -> side.ids().length).sum();
    long characters = Inputs.ofTexts(call.texts()).characters();
    answerWith(
        memory,
        written,
        TokenHeaders.of(sides, tokens, characters),
        (logits, out) -> call.answer().write(logits.get(0), tokens, out));
  }

  /** Writes a result when it is there. */
  private interface ResultWriting {
    void write(List<float[]> result, JsonOutput out);
  }

  private void answerWith(
      MemoryBudget.Part memory, long written, Map<String, String> headers, ResultWriting writing) {
    CompletableFuture<Void> unused =
        job.result()
            .handleAsync(
                (result, failure) -> {
                  if (failure != null) {
                    memory.close();
                    failOnLoop(failure);
                    return null;
                  }
                  write(memory, written, headers, out -> writing.write(result, out));
                  return null;
                },
                server.workers());
  }

  private void answer(Call.OfTokenizer call) {
    write(
        server.answer(0),
        0,
        Map.of(),
        out -> call.work().write(server.embedder(), out, () -> state != State.OVER));
  }

  private interface Writing {
    void write(JsonOutput out);
  }

  /** Runs on a worker: writes the answer, whose memory is given back when it is sent. */
  private void write(
      MemoryBudget.Part memory, long bytes, Map<String, String> headers, Writing writing) {
    boolean handedOn = false;
    try {
      if (state == State.OVER) {
        return;
      }
      JsonOutput out = new JsonOutput(memory, bytes);
      writing.write(out);
      Buffer json = out.end();
      server.onLoop(() -> answer(memory, headers, json));
      handedOn = true;
    } catch (RuntimeException | Error e) {
      failOnLoop(e);
    } finally {
      if (!handedOn) {
        memory.close();
      }
    }
  }

  private void failOnLoop(Throwable failure) {
    server.onLoop(() -> fail(failure));
  }

  private void bodyTimedOut() {
    if (state == State.RECEIVING) {
      fail(
          new HttpError(
              HttpError.Kind.BODY_TIMEOUT,
              "The body did not arrive within %s s."
                  .formatted(server.options().receiveTimeout().toSeconds())));
      request.connection().close();
    }
  }

  private void timedOut() {
    fail(server.late());
  }

  /** The client no longer waits. */
  private void gone() {
    if (state != State.OVER) {
      end();
      server.ended(route.path(), "client_gone", System.nanoTime() - startNanos);
    }
  }

  private void fail(Throwable failure) {
    if (state != State.OVER) {
      server.failed(failure);
      HttpError error = HttpError.of(failure);
      error.describe(request.response());
      answer(route.errors().status(error), Buffer.buffer(route.errors().body(error)), () -> {});
    }
  }

  private void answer(MemoryBudget.Part memory, Map<String, String> headers, Buffer json) {
    if (state == State.OVER) {
      memory.close();
      return;
    }
    headers.forEach(request.response()::putHeader);
    answer(200, json, memory::close);
  }

  private void answer(int status, Buffer json, Runnable sent) {
    end();
    server
        .answer(request, status, EmbeddingServer.JSON, json)
        .onComplete(
            done -> {
              sent.run();
              server.ended(route.path(), Integer.toString(status), System.nanoTime() - startNanos);
            });
  }

  /** Releases what it holds, unless a worker holds it. */
  private void end() {
    server.cancelTimer(timer);
    if (state == State.RECEIVING) {
      body.close();
    } else {
      server.requests().end();
    }
    state = State.OVER;
    job.cancel();
  }
}
