package io.github.neuronembed.engine;

import io.github.neuronembed.engine.queue.Request;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;

/** Lists and streams of rows, for a thread that waits for their vectors. Thread-safe. */
final class ManyRows {

  /** A list of bulk work enters in parts, each of this fraction of a lane. */
  private static final int PARTS_OF_LANE = 8;

  private final Dispatcher dispatcher;
  private final TokenRows tokenRows;
  private final EngineOptions options;

  ManyRows(Dispatcher dispatcher, TokenRows tokenRows, EngineOptions options) {
    this.dispatcher = dispatcher;
    this.tokenRows = tokenRows;
    this.options = options;
  }

  /** See {@link EmbeddingEngine#embedAll}. */
  List<float[]> list(List<Request> requests, RequestOptions requestOptions) {
    long made = Dispatcher.now();
    Deque<Call> calls = new ArrayDeque<>();
    List<float[]> vectors = new ArrayList<>(requests.size());
    try {
      int at = 0;
      while (at < requests.size()) {
        int end = requestOptions.waitsForSpace() ? endOfPart(requests, at) : requests.size();
        Call call = new Call(requests.subList(at, end), requestOptions, true, made, null);
        dispatcher.submit(call, false);
        calls.add(call);
        at = end;
        for (Call first = calls.peek(); first != null && first.isNotified(); first = calls.peek()) {
          vectors.addAll(Arrays.asList(first.await(dispatcher)));
          calls.remove();
        }
      }
      for (Call call : calls) {
        vectors.addAll(Arrays.asList(call.await(dispatcher)));
      }
      return vectors;
    } catch (RuntimeException | Error e) {
      calls.forEach(dispatcher::withdraw);
      throw e;
    }
  }

  /** Behind the last of the next requests that are a part of what a lane holds. */
  private int endOfPart(List<Request> requests, int begin) {
    int most = Math.max(1, options.maxQueuedRequests() / PARTS_OF_LANE);
    long tokens = options.maxQueuedTokens() / PARTS_OF_LANE;
    int end = begin;
    while (end < requests.size() && end - begin < most && (tokens > 0 || end == begin)) {
      tokens -= requests.get(end).tokens;
      end++;
    }
    return end;
  }

  /** See {@link EmbeddingEngine#embedStream}. */
  long stream(Iterator<int[]> rows, Consumer<float[]> vectors) {
    Deque<Call> window = new ArrayDeque<>();
    long count = 0;
    try {
      while (rows.hasNext() || !window.isEmpty()) {
        Call first = window.peekFirst();
        boolean full = !rows.hasNext() || window.size() >= options.maxQueuedRequests();
        if (first != null && (full || first.isNotified())) {
          vectors.accept(first.await(dispatcher)[0]);
          window.removeFirst();
        } else {
          List<Request> row = List.of(tokenRows.request(new int[][] {rows.next()}));
          Call call = new Call(row, RequestOptions.BULK, true, Dispatcher.now(), null);
          dispatcher.submit(call, false);
          window.addLast(call);
          count++;
        }
      }
      return count;
    } catch (RuntimeException | Error e) {
      window.forEach(dispatcher::withdraw);
      throw e;
    }
  }
}
