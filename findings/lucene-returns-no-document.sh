#!/usr/bin/env bash
# A vector query of Lucene answers with a hit that is no document: number 2147483647, score -Infinity. It happens where a
# vector of zeros is among the candidates under COSINE, whose similarity is not a number: Lucene takes such a vector into
# the index, counts it as found, and loses it. Reading the fields of that hit throws. Some models, and code
# that fills in for an empty text, give such vectors.
work=$(mktemp -d)
. "$(dirname "$0")/java-program"
artifacts org.apache.lucene:lucene-core:9.12.3
cat >"$work/Hits.java" <<'JAVA'
import org.apache.lucene.document.Document;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.KnnFloatVectorQuery;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.store.ByteBuffersDirectory;

public class Hits {
  public static void main(String[] args) throws Exception {
    try (var directory = new ByteBuffersDirectory()) {
      try (var writer = new IndexWriter(directory, new IndexWriterConfig(null))) {
        for (float[] vector : new float[][] {{1, 0}, {0, 0}, {0.6f, 0.8f}}) {
          Document document = new Document();
          document.add(new KnnFloatVectorField("v", vector, VectorSimilarityFunction.COSINE));
          writer.addDocument(document);
        }
      }
      try (var reader = DirectoryReader.open(directory)) {
        var query = new KnnFloatVectorQuery("v", new float[] {1, 0}, 3);
        boolean noDocument = false;
        for (ScoreDoc hit : new IndexSearcher(reader).search(query, 3).scoreDocs) {
          System.out.println("document " + hit.doc + " of " + reader.maxDoc() + ", score " + hit.score);
          noDocument |= hit.doc == Integer.MAX_VALUE && hit.score == Float.NEGATIVE_INFINITY;
        }
        System.exit(noDocument ? 0 : 1);
      }
    }
  }
}
JAVA
java_program Hits || exit 1
