package io.github.neuronembed.cli.serve;

import io.github.neuronembed.InputType;
import io.github.neuronembed.engine.Lane;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One request for vectors, from its head to the end of its answer. Runs on the event loop; {@link
 * #work}, {@link #embed} and {@link #write} run on workers and share nothing with it but what is
 * final.
 */
final class Exchange {

  private enum State {
    /** The body is coming. */
    RECEIVING,
    /** The engine has it. */
    WORKING,
    /** It is answered, or nobody waits for an answer. */
    OVER
  }

  private final EmbeddingServer server;
  private final EmbeddingApi api;
  private final HttpServerRequest request;
  private final String route;
  private final long startNanos = System.nanoTime();
  private final Lane lane;
  private final @Nullable InputType typeOfHeader;
  private final EmbeddingJob job;
  private final long timer;
  private Buffer body = Buffer.buffer();
  private State state = State.RECEIVING;

  /**
   * Begins it.
   *
   * @param route the path, one of few
   * @throws HttpError if a header makes no sense; then it has not begun
   */
  Exchange(EmbeddingServer server, EmbeddingApi api, HttpServerRequest request, String route) {
    this.server = server;
    this.api = api;
    this.request = request;
    this.route = route;
    this.lane = lane(request.getHeader("X-Priority"));
    String type = request.getHeader("X-Input-Type");
    this.typeOfHeader = type == null ? null : InputTypes.of(type, "X-Input-Type");
    ServerOptions options = server.options();
    this.job = server.newJob(lane, startNanos + options.requestTimeout().toNanos());
    this.timer = server.after(options.requestTimeout(), this::timedOut);
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

  /** Takes the body in. */
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
      // Answered already; the rest of the body is let go by, so that the client reads the answer.
      return;
    }
    if (body.length() + (long) chunk.length() > server.options().maxBodyBytes()) {
      fail(server.bodyTooLarge());
    } else if (!server.buffer(chunk.length())) {
      fail(server.tooMuchUnderWay());
    } else {
      body.appendBuffer(chunk);
    }
  }

  private void receivedAll() {
    if (state != State.RECEIVING) {
      server.cancelTimer(timer);
      return;
    }
    state = State.WORKING;
    byte[] bytes = body.getBytes();
    server.workers().execute(() -> work(bytes));
  }

  /** On a worker: reads the body, and goes on in the lane's pool. */
  private void work(byte[] bytes) {
    try {
      EmbeddingCall call = api.read(ByteBuffer.wrap(bytes));
      CompletableFuture<List<float[]>> unused =
          job.result()
              .whenCompleteAsync(
                  (vectors, failure) -> {
                    if (failure == null) {
                      write(call, vectors);
                    } else {
                      failOnLoop(failure);
                    }
                  },
                  server.workers());
      if (lane == Lane.BULK) {
        server.bulkWorkers().execute(() -> embed(call));
      } else {
        embed(call);
      }
    } catch (RuntimeException | Error e) {
      failOnLoop(e);
    }
  }

  /** On a worker; in the bulk lane, on one that may wait for room in the engine. */
  private void embed(EmbeddingCall call) {
    InputType type = call.type() != null ? call.type() : typeOfHeader;
    job.submit(
        call.inputs(),
        type != null ? type : InputType.PASSAGE,
        call.truncation() != null ? call.truncation() : server.options().truncation());
  }

  /** On a worker. */
  private void write(EmbeddingCall call, List<float[]> vectors) {
    try {
      String answer = call.answer().write(vectors, job.tokens());
      Buffer buffer = Buffer.buffer(answer);
      server.onLoop(() -> answer(200, buffer));
    } catch (RuntimeException | Error e) {
      failOnLoop(e);
    }
  }

  private void failOnLoop(Throwable failure) {
    server.onLoop(() -> fail(failure));
  }

  private void timedOut() {
    switch (state) {
      case RECEIVING -> {
        fail(
            new HttpError(
                HttpError.Kind.BODY_TIMEOUT,
                "The body did not arrive within %s s."
                    .formatted(server.options().requestTimeout().toSeconds())));
        request.connection().close();
      }
      case WORKING ->
          fail(
              new HttpError(
                  HttpError.Kind.TIMEOUT,
                  "The request was not served within %s s."
                      .formatted(server.options().requestTimeout().toSeconds())));
      case OVER -> {
        if (!request.isEnded()) {
          request.connection().close();
        }
      }
    }
  }

  /** The client does not wait any more. */
  private void gone() {
    server.cancelTimer(timer);
    if (state != State.OVER) {
      end();
      server.ended(route, "client_gone", System.nanoTime() - startNanos);
    }
  }

  private void fail(Throwable failure) {
    if (state != State.OVER) {
      HttpError error = HttpError.of(failure);
      EmbeddingServer.describe(error, request.response());
      answer(error.kind().status, Buffer.buffer(api.error(error)));
    }
  }

  private void answer(int status, Buffer json) {
    if (state == State.OVER) {
      return;
    }
    end();
    server
        .answer(request, status, EmbeddingServer.JSON, json)
        .onComplete(
            sent -> server.ended(route, Integer.toString(status), System.nanoTime() - startNanos));
  }

  /** Lets go of what it holds. */
  private void end() {
    state = State.OVER;
    if (request.isEnded()) {
      server.cancelTimer(timer);
    }
    server.release(body.length());
    body = Buffer.buffer();
    job.cancel();
  }
}
