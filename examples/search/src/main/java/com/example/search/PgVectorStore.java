package com.example.search;

import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** A table of PostgreSQL with the extension pgvector, and an HNSW index over its vectors. */
final class PgVectorStore implements Store {

  /** pgvector looks at so many candidates; its default of 40 finds less. */
  private static final int CANDIDATES = 100;

  private final Connection connection;

  /** The URL's user must be allowed to create the extension, or it must be there. */
  PgVectorStore(String url, String model, int dimension) throws IOException {
    try {
      connection = DriverManager.getConnection(url);
      connection.setAutoCommit(false);
      execute("create extension if not exists vector");
      execute("create table if not exists model (name text)");
      execute(
          "create table if not exists passage"
              + (" (id text primary key, body text, vector vector(" + dimension + "))"));
      // bge's vectors have length 1, so that the inner product is the cosine.
      execute(
          "create index if not exists passage_vector on passage"
              + " using hnsw (vector vector_ip_ops)");
      execute("set hnsw.ef_search = " + CANDIDATES);
      connection.commit();
      List<String> stored = strings("select name from model");
      if (stored.isEmpty()) {
        try (PreparedStatement insert =
            connection.prepareStatement("insert into model values (?)")) {
          insert.setString(1, model);
          insert.executeUpdate();
        }
        connection.commit();
      } else {
        Store.requireSameModel(stored.get(0), model);
      }
    } catch (SQLException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  @Override
  public Set<String> ids() throws IOException {
    try {
      return new HashSet<>(strings("select id from passage"));
    } catch (SQLException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  @Override
  public void add(List<String> passages, List<float[]> vectors) throws IOException {
    try (PreparedStatement insert =
        connection.prepareStatement(
            "insert into passage values (?, ?, ?::vector) on conflict do nothing")) {
      for (int i = 0; i < passages.size(); i++) {
        insert.setString(1, Store.id(passages.get(i)));
        insert.setString(2, passages.get(i));
        insert.setString(3, Arrays.toString(vectors.get(i)));
        insert.addBatch();
      }
      insert.executeBatch();
      connection.commit();
    } catch (SQLException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  @Override
  public List<Hit> nearest(float[] query, int count) throws IOException {
    // The planner would read a table this small as a whole, and the index would not be seen at
    // work.
    return search("set local enable_seqscan = off", query, count);
  }

  @Override
  public List<Hit> exact(float[] query, int count) throws IOException {
    return search("set local enable_indexscan = off", query, count);
  }

  private List<Hit> search(String setting, float[] query, int count) throws IOException {
    try (PreparedStatement select =
        connection.prepareStatement(
            // <#> is the negative inner product.
            "select body, -(vector <#> ?::vector) from passage order by vector <#> ?::vector limit"
                + " ?")) {
      execute(setting);
      select.setString(1, Arrays.toString(query));
      select.setString(2, Arrays.toString(query));
      select.setInt(3, count);
      List<Hit> hits = new ArrayList<>();
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          hits.add(new Hit(rows.getString(1), rows.getDouble(2)));
        }
      }
      connection.commit(); // Ends the setting too.
      return hits;
    } catch (SQLException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private void execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private List<String> strings(String sql) throws SQLException {
    List<String> strings = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      while (rows.next()) {
        strings.add(rows.getString(1));
      }
    }
    return strings;
  }

  @Override
  public void close() throws IOException {
    try {
      connection.close();
    } catch (SQLException e) {
      throw new IOException(e.getMessage(), e);
    }
  }
}
