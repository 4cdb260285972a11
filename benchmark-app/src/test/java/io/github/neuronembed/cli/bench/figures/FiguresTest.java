package io.github.neuronembed.cli.bench.figures;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.cli.bench.load.Inputs;
import io.github.neuronembed.cli.bench.load.Lengths;
import io.github.neuronembed.cli.bench.load.TokenRows;
import io.github.neuronembed.cli.bench.measure.AnsweringBackend;
import io.github.neuronembed.cli.bench.measure.Environment;
import io.github.neuronembed.cli.bench.measure.QualityCheck;
import io.github.neuronembed.cli.bench.result.Cell;
import io.github.neuronembed.cli.bench.result.Quality;
import io.github.neuronembed.engine.VectorReader;
import io.github.neuronembed.model.PoolingStrategy;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Figures beside latency and throughput. */
class FiguresTest {

  private static final EncoderSize BERT_BASE = new EncoderSize(768, 3072, 12);
  private static final VectorReader READER = new VectorReader(PoolingStrategy.CLS, true);

  /** The roofline of one chip, worked out beforehand for bge-base. */
  @ParameterizedTest
  @CsvSource({"128, 22.4, 8502, 1998, 23", "256, 45.9, 4139, 966, 23", "512, 96.6, 1966, 365, 19"})
  void utilisationIsThatOfTheRoofline(
      int tokens, double gigaflop, double ideal, double published, double percent) {
    double flops = BERT_BASE.flops(tokens, (long) tokens * tokens);

    assertThat(flops / 1e9).isCloseTo(gigaflop, within(0.06));
    assertThat(Chip.INF2.utilisation(flops * ideal, 2)).isCloseTo(1, within(0.001));
    assertThat(100 * Chip.INF2.utilisation(flops * published, 2)).isCloseTo(percent, within(0.7));
    // Half the chip at work is held against half the peak.
    assertThat(Chip.TRN1.utilisation(flops * ideal / 2, 1)).isCloseTo(1, within(0.001));
  }

  @Test
  void padsAndTokensAreCounted() {
    Stages stages = new Stages();
    stages.row(10);
    stages.row(30);
    stages.executed(2 * 32, 1_000_000, 2_000_000, 3_000_000);
    stages.call(4_000_000);
    stages.tokenized(500_000);
    Stages other = new Stages();
    other.row(24);
    other.executed(32, 3_000_000, 4_000_000, 5_000_000);
    other.call(0);
    stages.add(other);

    assertThat(stages.tokens()).isEqualTo(64);
    assertThat(stages.squaredTokens()).isEqualTo(100 + 900 + 576);
    assertThat(stages.paddingRatio()).isCloseTo(1 - 64.0 / 96, within(1e-12));
    assertThat(stages.tokensPerRow()).isCloseTo(64 / 3.0, within(1e-12));
    assertThat(stages.queueMillis()).isEqualTo(2);
    assertThat(stages.tokenizeMillis()).isEqualTo(0.25);
    assertThat(stages.writeMillis()).isEqualTo(2);
    assertThat(stages.executeMillis()).isEqualTo(3);
    assertThat(stages.readMillis()).isEqualTo(4);
    assertThat(stages.inferMillis()).isEqualTo(9);
    assertThat(new Stages().paddingRatio()).isNaN();
  }

  private static Quality quality(float[] answer, int badRow, float[] bad, int batchSize) {
    AtomicInteger opened = new AtomicInteger();
    QualityCheck check =
        new QualityCheck(
            length -> {
              opened.incrementAndGet();
              return new AnsweringBackend(new Shape(1, length), new float[] {1, 0, 0, 0});
            },
            READER);
    AnsweringBackend backend = new AnsweringBackend(new Shape(batchSize, 8), answer);
    backend.answerOnce(badRow, bad);
    Cell cell = new Cell(new Shape(batchSize, 8), 1, 1);
    Inputs inputs = new TokenRows(Lengths.parse("uniform:3,8"), 8, 2000, false, 1);
    check.of(new AnsweringBackend(new Shape(batchSize, 8), answer), cell, inputs);
    Quality quality = check.of(backend, cell, inputs);
    assertThat(opened).hasValue(1);
    return quality;
  }

  @Test
  void theLeastCosineIsThatOfTheWorstRow() {
    float[] close = {1, 0.01f, 0, 0};
    for (int batchSize : new int[] {1, 3, 16}) {
      assertThat(quality(close, -1, close, batchSize).leastCosine())
          .isCloseTo(1 / Math.sqrt(1.0001), within(1e-6));
      assertThat(quality(close, 5, new float[] {1, 1, 0, 0}, batchSize).leastCosine())
          .as("batches of %d", batchSize)
          .isCloseTo(Math.sqrt(0.5), within(1e-6));
    }
  }

  @Test
  void aVectorThatIsNotANumberIsNoGoodCosine() {
    float[] right = {1, 0, 0, 0};

    assertThat(quality(right, 2, new float[] {Float.NaN, 0, 0, 0}, 4).leastCosine()).isEqualTo(-1);
  }

  @Test
  void withoutAReferenceItSaysWhy() {
    QualityCheck check =
        new QualityCheck(
            length -> {
              throw new ModelLoadException("onnx/model.onnx is missing");
            },
            READER);

    Quality quality =
        check.of(
            new AnsweringBackend(new Shape(1, 8), new float[] {1, 0, 0, 0}),
            new Cell(new Shape(1, 8), 1, 1),
            new TokenRows(Lengths.FULL, 8, 2000, false, 1));

    assertThat(quality.skipped()).isEqualTo("onnx/model.onnx is missing");
    assertThat(quality.leastCosine()).isNaN();
  }

  @Test
  void theReportsKnowWhereTheyAreFrom() {
    var facts = Environment.facts("onnxruntime 0");

    assertThat(facts.get("git_commit")).matches("[0-9a-f]{40}(-dirty)?|unknown");
    assertThat(facts.get("backend_version")).isEqualTo("onnxruntime 0");
    assertThat(facts.get("processors")).matches("[1-9][0-9]*");
    assertThat(facts.get("jvm")).contains(System.getProperty("java.runtime.version"));
    assertThat(facts).allSatisfy((name, value) -> assertThat(value).as(name).isNotNull());
  }
}
