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
 * The connections of the server. Whenever the server waits for a client, for a request's head, for
 * its body or for the client to read an answer, there is a time by which that has to be over, and
 * then the connection is closed. When there are more connections than there may be, the one that
 * the server has waited for longest makes room; so clients that send or read slowly keep nobody
 * out. Those that never had an answer make room first if they are more than half of all, so that
 * they do not push out the connections that well-behaved clients keep. A connection whose request
 * is being served is never closed.
 *
 * <p>Belongs to the event loop.
 */
final class Connections {

  private final int most;
  private final Duration toReceive;
  private final Duration idle;
  private final LongSupplier nanoTime;
  private final Map<HttpConnection, State> open = new HashMap<>();

  /** Those that the server waits for, the one that it has waited for longest first. */
  private final Set<HttpConnection> awaited = new LinkedHashSet<>();

  /** Those of them that never had an answer, in the same order. */
  private final Set<HttpConnection> unanswered = new LinkedHashSet<>();

  private static final class State {
    private @Nullable HttpServerRequest last;
    private boolean answered;
    private long until;
  }

  /**
   * @param most how many there may be
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

  /** A new one: its head is awaited. */
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

  /** It may stay open for a while, if the client does not read what was written before. */
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

  /** A request's head has come: its body is awaited. */
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

  /** The client has to read an answer within this time. */
  void answering(HttpServerRequest request, Duration time) {
    if (isLast(request)) {
      await(request.connection(), time);
    }
  }

  /** An answer was sent: what is left of the request is awaited, or else the next one. */
  void answered(HttpServerRequest request) {
    State state = open.get(request.connection());
    if (state != null) {
      state.answered = true;
    }
    if (isLast(request)) {
      await(request.connection(), request.isEnded() ? idle : toReceive);
    }
  }

  /** Whether no other request has begun on the connection, as a client may pipeline them. */
  private boolean isLast(HttpServerRequest request) {
    State state = open.get(request.connection());
    return state != null && state.last == request;
  }

  /** Closes those that were waited for long enough. */
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
