package com.example.search;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.document.StoredField;
import org.apache.lucene.document.StringField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.FloatVectorValues;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.Term;
import org.apache.lucene.index.TermsEnum;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.KnnFloatVectorQuery;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.SearcherManager;
import org.apache.lucene.store.FSDirectory;

/** A folder with a Lucene index: an HNSW graph over the vectors of each segment. */
final class LuceneStore implements Store {

  private static final String ID = "id";
  private static final String TEXT = "text";
  private static final String VECTOR = "vector";
  private static final String MODEL = "model";

  /** Lucene follows as many neighbours as it is to return: more than are shown find better ones. */
  private static final int LEAST_CANDIDATES = 100;

  private final FSDirectory directory;
  private final IndexWriter writer;
  private final SearcherManager searchers;

  LuceneStore(Path folder, String model) throws IOException {
    directory = FSDirectory.open(folder);
    if (DirectoryReader.indexExists(directory)) {
      try (DirectoryReader reader = DirectoryReader.open(directory)) {
        String stored = reader.getIndexCommit().getUserData().get(MODEL);
        if (stored != null) {
          Store.requireSameModel(stored, model);
        }
      }
    }
    writer = new IndexWriter(directory, new IndexWriterConfig());
    writer.setLiveCommitData(Map.of(MODEL, model).entrySet());
    searchers = new SearcherManager(writer, null);
  }

  @Override
  public Set<String> ids() throws IOException {
    Set<String> ids = new HashSet<>();
    IndexSearcher searcher = searchers.acquire();
    try {
      for (LeafReaderContext leaf : searcher.getLeafContexts()) {
        TermsEnum terms = leaf.reader().terms(ID).iterator();
        while (terms.next() != null) {
          ids.add(terms.term().utf8ToString());
        }
      }
    } finally {
      searchers.release(searcher);
    }
    return ids;
  }

  @Override
  public void add(List<String> passages, List<float[]> vectors) throws IOException {
    for (int i = 0; i < passages.size(); i++) {
      String id = Store.id(passages.get(i));
      Document document = new Document();
      document.add(new StringField(ID, id, Field.Store.NO));
      document.add(new StoredField(TEXT, passages.get(i)));
      // bge's vectors have length 1, so that the dot product is the cosine.
      document.add(
          new KnnFloatVectorField(VECTOR, vectors.get(i), VectorSimilarityFunction.DOT_PRODUCT));
      writer.updateDocument(new Term(ID, id), document);
    }
    writer.commit();
    searchers.maybeRefreshBlocking();
  }

  @Override
  public List<Hit> nearest(float[] query, int count) throws IOException {
    IndexSearcher searcher = searchers.acquire();
    try {
      int candidates = Math.max(count, LEAST_CANDIDATES);
      List<Hit> hits = new ArrayList<>();
      for (ScoreDoc found :
          searcher.search(new KnnFloatVectorQuery(VECTOR, query, candidates), count).scoreDocs) {
        // Lucene's score of a dot product is (1 + cosine) / 2.
        String text = searcher.storedFields().document(found.doc).get(TEXT);
        hits.add(new Hit(text, 2 * found.score - 1));
      }
      return hits;
    } finally {
      searchers.release(searcher);
    }
  }

  @Override
  public List<Hit> exact(float[] query, int count) throws IOException {
    record Scored(int document, double cosine) {}
    IndexSearcher searcher = searchers.acquire();
    try {
      List<Scored> all = new ArrayList<>();
      for (LeafReaderContext leaf : searcher.getLeafContexts()) {
        FloatVectorValues vectors = leaf.reader().getFloatVectorValues(VECTOR);
        while (vectors.nextDoc() != DocIdSetIterator.NO_MORE_DOCS) {
          all.add(new Scored(leaf.docBase + vectors.docID(), dot(query, vectors.vectorValue())));
        }
      }
      all.sort(Comparator.comparingDouble(Scored::cosine).reversed());
      List<Hit> hits = new ArrayList<>();
      for (Scored scored : all.subList(0, Math.min(count, all.size()))) {
        String text = searcher.storedFields().document(scored.document()).get(TEXT);
        hits.add(new Hit(text, scored.cosine()));
      }
      return hits;
    } finally {
      searchers.release(searcher);
    }
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  @Override
  public void close() throws IOException {
    searchers.close();
    writer.close();
    directory.close();
  }
}
