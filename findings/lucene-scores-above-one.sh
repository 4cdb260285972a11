#!/usr/bin/env bash
# Lucene documents DOT_PRODUCT for vectors of length 1 and scores between 0 and 1, but accepts vectors of any length:
# a vector of length 1.0002, for example from a model's bfloat16 output, scores above 1 with itself. This affects code
# that expects scores up to 1, and queries with a minimum score.
work=$(mktemp -d)
. "$(dirname "$0")/java-program"
artifacts org.apache.lucene:lucene-core:9.12.1
cat >"$work/Scores.java" <<'JAVA'
import org.apache.lucene.document.Document;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.KnnFloatVectorQuery;
import org.apache.lucene.store.ByteBuffersDirectory;

public class Scores {
  public static void main(String[] args) throws Exception {
    float[] vector = new float[16];
    for (int i = 0; i < vector.length; i++) vector[i] = 0.25f * 1.0002f;
    try (var directory = new ByteBuffersDirectory()) {
      try (var writer = new IndexWriter(directory, new IndexWriterConfig(null))) {
        Document document = new Document();
        document.add(new KnnFloatVectorField("v", vector, VectorSimilarityFunction.DOT_PRODUCT));
        writer.addDocument(document);
      }
      try (var reader = DirectoryReader.open(directory)) {
        float score = new IndexSearcher(reader).search(new KnnFloatVectorQuery("v", vector, 1), 1).scoreDocs[0].score;
        System.out.println("a vector of length 1.0002 and itself: score " + score);
        System.exit(score > 1 ? 0 : 1);
      }
    }
  }
}
JAVA
java_program Scores || exit 1
