package io.github.neuronembed.cli.bench.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.TokenRow;
import io.github.neuronembed.cli.UsageException;
import io.github.neuronembed.cli.bench.report.CsvReport;
import io.github.neuronembed.cli.bench.report.MadeRun;
import io.github.neuronembed.cli.bench.result.Cell;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What calls carry and when they come. */
class LoadTest {

  private static final long MILLI = 1_000_000;

  @TempDir Path folder;

  private Path file(String text) throws Exception {
    return Files.writeString(folder.resolve("file"), text);
  }

  @Test
  void aTraceIsReadInSecondsAndMillisecondsFromItsFirstLineOn() throws Exception {
    Trace trace = Trace.read(file("# recorded\n10\n10.5s\n\n11000 ms\n11000.25ms\n"));

    assertThat(trace.offsetNanos())
        .containsExactly(0, 500 * MILLI, 1000 * MILLI, 1000 * MILLI + MILLI / 4);
    assertThat(trace.callsPerSecond()).isCloseTo(4, within(0.01));
    Scenario scenario = Scenario.of(Scenario.Kind.TRACE, null, trace, null);
    Arrivals arrivals = scenario.arrivals(new Cell(new Shape(2, 8), 1, 1), 1, 0);
    List<Long> begins = new ArrayList<>();
    for (long at = arrivals.next(9); at != Arrivals.OVER; at = arrivals.next(9)) {
      begins.add(at);
    }
    assertThat(begins).containsExactly(0L, 500 * MILLI, 1000 * MILLI, 1000 * MILLI + MILLI / 4);
    assertThat(scenario.title()).isEqualTo("trace file (4 calls)");
    assertThat(scenario.offeredRate(new Cell(new Shape(2, 8), 1, 1))).isCloseTo(8, within(0.01));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "1~x | line 2 is not a time",
        "1~-2 | line 2 is not a time",
        "1~2h | line 2 is not a time",
        "2~1 | line 2 is earlier",
        "# only words | no line with a time",
      })
  void aTraceThatIsNoneIsWrongUsage(String text, String message) throws Exception {
    Path file = file(text.replace('~', '\n'));

    assertThatThrownBy(() -> Trace.read(file))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining(message);
  }

  @Test
  void aScenarioHasWhatItNeedsAndNothingElse() {
    for (Scenario.Kind kind : Scenario.Kind.values()) {
      boolean alone = kind == Scenario.Kind.CLOSED || kind == Scenario.Kind.OFFLINE;
      if (alone) {
        assertThat(Scenario.of(kind, null, null, null).isOpen()).isFalse();
      } else {
        assertThatThrownBy(() -> Scenario.of(kind, null, null, null))
            .isInstanceOf(UsageException.class)
            .hasMessageContaining(" needs --");
      }
      assertThatThrownBy(() -> Scenario.of(kind, 1.0, new Trace("t", new long[] {0}), 1.0))
          .isInstanceOf(UsageException.class)
          .hasMessageContaining(" does not use --");
    }
  }

  @Test
  void lengthsFollowTheirDistributionAndTheSeed() {
    Lengths lengths = Lengths.parse("lognormal:40,0.7");
    SplittableRandom random = new SplittableRandom(3);
    int[] drawn = new int[20_001];
    Arrays.setAll(drawn, i -> lengths.draw(random, 128));
    SplittableRandom again = new SplittableRandom(3);
    int[] drawnAgain = new int[drawn.length];
    Arrays.setAll(drawnAgain, i -> lengths.draw(again, 128));
    assertThat(drawn).isEqualTo(drawnAgain);
    Arrays.sort(drawn);
    assertThat(drawn[10_000]).isBetween(39, 41);
    // One standard deviation of the logarithm above the median: 40 · e^0.7 = 80.6 at 84.1 %.
    assertThat(drawn[16_827]).isBetween(78, 83);
    assertThat(drawn[0]).isGreaterThanOrEqualTo(3);
    assertThat(drawn[20_000]).isEqualTo(128);

    int[] uniform =
        new SplittableRandom(4)
            .ints(10_000)
            .map(i -> Lengths.parse("uniform:5,9").draw(random, 64))
            .toArray();
    assertThat(Arrays.stream(uniform).min().orElseThrow()).isEqualTo(5);
    assertThat(Arrays.stream(uniform).max().orElseThrow()).isEqualTo(9);
    assertThat(Lengths.parse("full").draw(random, 77)).isEqualTo(77);
    assertThat(Lengths.parse("full").draw(random, 2)).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "normal:1,2",
        "uniform:9,5",
        "uniform:5",
        "lognormal:40,0",
        "lognormal:x,1",
        "uniform:1,NaN"
      })
  void noDistributionIsWrongUsage(String text) {
    assertThatThrownBy(() -> Lengths.parse(text))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("lognormal:MEDIAN,SIGMA");
  }

  @Test
  void rowsAreTheSameForTheSameSeedAndKnowNoSpecialTokens() {
    TokenRows rows = new TokenRows(Lengths.parse("uniform:3,20"), 16, 2000, false, 1);
    TokenRows again = new TokenRows(Lengths.parse("uniform:3,20"), 16, 2000, false, 1);
    for (int row = 0; row < 5000; row++) {
      int[] ids = rows.row(row).ids();
      assertThat(ids).isEqualTo(again.row(row).ids()).hasSizeBetween(3, 16);
      assertThat(Arrays.stream(ids).min().orElseThrow()).isGreaterThanOrEqualTo(1000);
      assertThat(rows.row(row).firstLength()).isEqualTo(ids.length);
    }
    assertThat(rows.row(1).ids()).isNotEqualTo(rows.row(2).ids());
  }

  @Test
  void rowsOfPairsHaveTwoSides() {
    TokenRows rows = new TokenRows(Lengths.parse("uniform:4,64"), 64, 2000, true, 1);
    for (int row = 0; row < 1000; row++) {
      int length = rows.row(row).length();
      assertThat(rows.row(row).firstLength()).isEqualTo(Math.min(16, length / 2));
    }
    assertThat(rows.description()).startsWith("pairs of random tokens");
  }

  @Test
  void aPairThatIsCutKeepsItsFirstSide() {
    TextRows rows =
        new TextRows(
            "file",
            List.of("x"),
            text -> TokenRow.ofPair(new int[] {101, 7, 102, 8, 8, 8, 102}, 3),
            5,
            false);

    assertThat(rows.row(0).ids()).containsExactly(101, 7, 102, 8, 102);
    assertThat(rows.row(0).firstLength()).isEqualTo(3);
  }

  @Test
  void textsAreCutAtTheirEndAndCarriedOnceInAPass() throws Exception {
    List<String> texts = TextRows.read(file("a\n\nbb\nccc\n  \ndddd\neeeee\n"));
    assertThat(texts).containsExactly("a", "bb", "ccc", "dddd", "eeeee");
    TextRows rows =
        new TextRows(
            "file",
            texts,
            text -> {
              int[] ids = new int[text.length() + 2];
              Arrays.fill(ids, 7);
              ids[0] = 101;
              ids[ids.length - 1] = 102;
              return TokenRow.of(ids);
            },
            5,
            true);

    assertThat(rows.row(0).ids()).containsExactly(101, 7, 102);
    assertThat(rows.cutRows()).isZero();
    assertThat(rows.row(4).ids()).containsExactly(101, 7, 7, 7, 102);
    assertThat(rows.cutRows()).isEqualTo(1);
    assertThat(TextRows.calls(5, 2)).isEqualTo(3);
    assertThat(LongStream.range(0, 6).mapToInt(call -> rows.rows(call, 2)))
        .containsExactly(2, 2, 1, 2, 2, 1);
  }

  @Test
  void aFileWithoutTextsIsWrongUsage() throws Exception {
    Path file = file("\n  \n");
    assertThatThrownBy(() -> TextRows.read(file)).isInstanceOf(UsageException.class);
    Files.write(file, new byte[] {(byte) 0xff, (byte) 0xfe});
    assertThatThrownBy(() -> TextRows.read(file))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("UTF-8");
  }

  @Test
  void cellsAreReadFromAFile() throws Exception {
    List<Cell> cells =
        Matrix.read(
            file(
                """
                # mine
                batch_size,sequence_length,texts_per_row,n_models,workers_per_model,slots,input_path,note
                1,32,,2,1,,,
                8,64,,1,4,2,slices,x
                8,64,,1,4,2,slices,again
                1,64,8,1,4,,,
                """));

    assertThat(cells).hasSize(3);
    assertThat(cells.get(2)).isEqualTo(new Cell(new Shape(1, 64, 8), 1, 4));
    assertThat(cells.get(0)).isEqualTo(new Cell(new Shape(1, 32), 2, 1));
    assertThat(cells.get(1).tag()).isEqualTo("8x64.m1.w4.s2.slices");
    assertThat(cells.get(1)).hasToString("8×64, 1 model, 4 workers each, 2 slots each, slices");
  }

  @Test
  void aFileOfResultsIsOneOfCells() throws Exception {
    StringBuilder csv = new StringBuilder();
    CsvReport.write(MadeRun.run(false, MadeRun.cell(1, 5), MadeRun.cell(2, 40, 8)), csv);

    assertThat(Matrix.read(file(csv.toString())))
        .containsExactly(MadeRun.cell(1, 5).cell(), MadeRun.cell(2, 40, 8).cell());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "batch_size,sequence_length,n_models~1,2,3 | no column workers_per_model",
        "batch_size,sequence_length,n_models,workers_per_model~1,2,3,x | line 2: workers_per_model"
            + " is a positive",
        "batch_size,sequence_length,n_models,workers_per_model~1,2,3 | line 2: workers_per_model is"
            + " a positive",
        "batch_size,sequence_length,n_models,workers_per_model~1,0,3,1 | line 2: sequence_length is"
            + " a positive",
        "batch_size,sequence_length,n_models,workers_per_model | no line after its header",
        "batch_size,sequence_length,n_models,workers_per_model,input_path~1,2,3,4,dma | no input"
            + " path 'dma'",
      })
  void aFileOfCellsThatIsNoneIsWrongUsage(String text, String message) throws Exception {
    Path file = file(text.replace('~', '\n'));

    assertThatThrownBy(() -> Matrix.read(file))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining(message);
  }

  @Test
  void everyValueMeetsEveryOther() {
    Matrix matrix =
        new Matrix(
            Matrix.plain(List.of(1, 2), List.of(8)),
            List.of(1),
            List.of(1, 3),
            List.of(1, 2),
            Matrix.inputPaths("input-paths", "write, slices"));

    assertThat(matrix.cells()).hasSize(16).doesNotHaveDuplicates();
  }
}
