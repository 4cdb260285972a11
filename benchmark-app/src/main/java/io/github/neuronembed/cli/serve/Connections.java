package io.github.neuronembed.cli.serve;

import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The connections of the server. The server waits for a client to send a request's head, to send
 * its body, or to read an answer. Each wait has a time limit; after it, the server closes the
 * connection. If there are too many connections, the server closes the one that it has waited for
 * longest. So clients that send or read slowly keep nobody out. Connections that never had an
 * answer are closed first if they are more than half of all. So they do not displace the
 * connections that well-behaved clients keep open. A connection whose request is being served is
 * never closed.
 *
 * <p>Only the event loop uses it.
 */
final class Connections {

  private final int most;
  private final Duration toReceive;
  private final Duration idle;
  private final LongSupplier nanoTime;
  private final Map<HttpConnection, State> open = new HashMap<>();

  /** The connections that the server waits for, the longest wait first. */
  private final Set<HttpConnection> awaited = new LinkedHashSet<>();

  /** Of these, the connections that never had an answer, in the same order. */
  private final Set<HttpConnection> unanswered = new LinkedHashSet<>();

  private static final class State {
    private @Nullable HttpServerRequest last;
    private boolean answered;
    private long until;
  }

  /**
   * @param most the most connections that may be open
   * @param toReceive how long a new connection's first head, and a request's body, may take
   * @param idle how long a connection without a request is kept
   * @param nanoTime the clock, as {@link System#nanoTime()}
   */
  Connections(int most, Duration toReceive, Duration idle, LongSupplier nanoTime) {
    this.most = most;
    this.toReceive = toReceive;
    this.idle = idle;
    this.nanoTime = nanoTime;
  }

  /** How many are open. */
  int open() {
    return open.size();
  }

  /** A connection is new: the server waits for the head of a request. */
  void opened(HttpConnection connection) {
    open.put(connection, new State());
    connection.closeHandler(
        closed -> {
          open.remove(connection);
          doNotAwait(connection);
        });
    if (open.size() > most) {
      Set<HttpConnection> choice = unanswered.size() > most / 2 ? unanswered : awaited;
      Iterator<HttpConnection> eldest = choice.iterator();
      close(eldest.hasNext() ? eldest.next() : connection);
    }
    await(connection, toReceive);
  }

  /**
   * The connection may stay open for a while, if the client does not read what the server wrote.
   */
  private void close(HttpConnection connection) {
    doNotAwait(connection);
    connection.close();
  }

  private void doNotAwait(HttpConnection connection) {
    awaited.remove(connection);
    unanswered.remove(connection);
  }

  private void await(HttpConnection connection, Duration time) {
    State state = open.get(connection);
    if (state != null) {
      state.until = nanoTime.getAsLong() + time.toNanos();
      doNotAwait(connection);
      awaited.add(connection);
      if (!state.answered) {
        unanswered.add(connection);
      }
    }
  }

  /** A request's head has arrived: the server waits for its body. */
  void headReceived(HttpServerRequest request) {
    State state = open.get(request.connection());
    if (state != null) {
      state.last = request;
      await(request.connection(), toReceive);
    }
  }

  /** The client waits for the server. */
  void serving(HttpServerRequest request) {
    if (isLast(request)) {
      doNotAwait(request.connection());
    }
  }

  /** The client must read an answer within this time. */
  void answering(HttpServerRequest request, Duration time) {
    if (isLast(request)) {
      await(request.connection(), time);
    }
  }

  /** An answer was sent: the server waits for the rest of the request, or else for the next one. */
  void answered(HttpServerRequest request) {
    State state = open.get(request.connection());
    if (state != null) {
      state.answered = true;
    }
    if (isLast(request)) {
      await(request.connection(), request.isEnded() ? idle : toReceive);
    }
  }

  /** Whether no later request has begun on the connection; a client may pipeline requests. */
  private boolean isLast(HttpServerRequest request) {
    State state = open.get(request.connection());
    return state != null && state.last == request;
  }

  /** Closes the connections whose time limit has passed. */
  void closeLate() {
    long now = nanoTime.getAsLong();
    for (HttpConnection connection : List.copyOf(awaited)) {
      State state = open.get(connection);
      if (state != null && now - state.until >= 0) {
        close(connection);
      }
    }
  }
}
