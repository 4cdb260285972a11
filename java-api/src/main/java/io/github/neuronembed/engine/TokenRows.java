package io.github.neuronembed.engine;

import io.github.neuronembed.backend.TokenRow;
import io.github.neuronembed.engine.queue.Buckets;
import io.github.neuronembed.engine.queue.Request;
import java.util.ArrayList;
import java.util.List;

/** The one place where a caller's token ids are checked and copied. Thread-safe. */
final class TokenRows {

  private final Buckets buckets;
  private final int vocabularySize;

  /**
   * @param vocabularySize token ids are below this
   */
  TokenRows(Buckets buckets, int vocabularySize) {
    if (vocabularySize < 1) {
      throw new IllegalArgumentException(
          "A vocabulary must have at least one token, not %s.".formatted(vocabularySize));
    }
    this.buckets = buckets;
    this.vocabularySize = vocabularySize;
  }

  /**
   * A request of each row.
   *
   * @throws IllegalArgumentException if a row is empty, too long, or has an invalid id
   */
  List<Request> requests(List<int[]> rows) {
    List<Request> requests = new ArrayList<>(rows.size());
    for (int[] row : rows) {
      requests.add(request(new int[][] {row}));
    }
    return requests;
  }

  /**
   * A request of each row, which may be a pair.
   *
   * @throws IllegalArgumentException if a row is empty, too long, or has an invalid id
   */
  List<Request> pairs(List<TokenRow> rows) {
    List<Request> requests = new ArrayList<>(rows.size());
    for (TokenRow row : rows) {
      int[][] copy = {row.ids().clone()};
      check(copy[0]);
      requests.add(new Request(copy, row.firstLength(), buckets.bucketOf(copy)));
    }
    return requests;
  }

  /**
   * One request of rows.
   *
   * @throws IllegalArgumentException if there are none, too many, or one is wrong
   */
  Request request(int[][] rows) {
    if (rows.length == 0) {
      throw new IllegalArgumentException("A request must have at least one row.");
    }
    // Copied, so that the device sees the ids that were checked.
    int[][] copies = new int[rows.length][];
    for (int i = 0; i < rows.length; i++) {
      copies[i] = rows[i].clone();
      check(copies[i]);
    }
    return new Request(copies, buckets.bucketOf(copies));
  }

  private void check(int[] row) {
    if (row.length == 0) {
      throw new IllegalArgumentException("A row must have at least one token.");
    }
    for (int id : row) {
      if (id < 0 || id >= vocabularySize) {
        throw new IllegalArgumentException(
            "Token id %s is not below the vocabulary size %s.".formatted(id, vocabularySize));
      }
    }
  }
}
