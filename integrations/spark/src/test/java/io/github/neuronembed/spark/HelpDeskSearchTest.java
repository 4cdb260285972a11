package io.github.neuronembed.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.neuronembed.BgeSmall;
import io.github.neuronembed.InputType;
import io.github.neuronembed.helpdesk.HelpDeskTexts;
import io.github.neuronembed.helpdesk.PageExample;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Search over the help desk in SQL: the example of docs/spark.md. */
class HelpDeskSearchTest {

  @TempDir static Path folder;

  @Test
  void findsTheAnswers() throws IOException {
    try (SparkSession spark = LocalSpark.builder("local[2]").getOrCreate()) {
      String modelDirectory = BgeSmall.directory().toString();
      String output = folder.resolve("vectors").toString();
      Dataset<Row> passages =
          spark.createDataset(HelpDeskTexts.passages(), Encoders.STRING()).toDF("text");
      // example
      EmbeddingSettings settings = EmbeddingSettings.ofModel(modelDirectory);
      NeuronEmbed.column(passages, "text", "vector", settings).write().parquet(output);

      spark.read().parquet(output).createOrReplaceTempView("passages");
      NeuronEmbed.registerFunction(
          spark, "neuron_embed_query", settings.withInputType(InputType.QUERY));
      String search =
          """
          SELECT text, vector_inner_product(vector, query) AS score
          FROM passages CROSS JOIN (SELECT neuron_embed_query(:question) AS query)
          ORDER BY score DESC LIMIT 3
          """;
      // end

      for (HelpDeskTexts.Question question : HelpDeskTexts.questions()) {
        Row[] found = (Row[]) spark.sql(search, Map.of("question", question.text())).collect();
        assertThat(found).hasSize(3);
        assertThat(found[0].getString(0)).startsWith(question.answer());
      }
    }
  }

  @Test
  void isTheExampleOfThePage() throws IOException {
    assertThat(Path.of("../../docs/spark.md"))
        .content()
        .contains(PageExample.of(HelpDeskSearchTest.class));
  }
}
