package io.github.neuronembed.cli.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.cli.bench.load.Preset;
import io.github.neuronembed.cli.bench.result.Cell;
import io.github.neuronembed.cli.bench.result.Run;
import org.junit.jupiter.api.Test;

/** The page needs nothing but itself, and hides nothing. */
class HtmlReportTest {

  private static String page(Run run) throws Exception {
    StringBuilder page = new StringBuilder();
    HtmlReport.write(run, page);
    return page.toString();
  }

  /** The page without its scripts. */
  private static String words(String page) {
    return page.substring(0, page.indexOf("<script"));
  }

  @Test
  void asksForNothingFromAnywhere() throws Exception {
    String page = page(MadeRun.run(false, MadeRun.cell(1, 5), MadeRun.cell(2, 40, 8)));

    assertThat(words(page)).doesNotContain("http:", "https:", "src=", "url(", "@import");
    assertThat(page).doesNotContain("<script src", "sourceMappingURL");
    assertThat(page).contains("Throughput against latency", "Cost of a million", "Chart.js v4");
    assertThat(page.split("<script", -1)).hasSize(4);
    assertThat(page.split("</script>", -1)).hasSize(4);
    assertThat(page.length()).isLessThan(1_000_000);
  }

  @Test
  void aFailedCellSaysWhyAndItsReasonIsNoMarkup() throws Exception {
    String page = page(MadeRun.run(false, MadeRun.failedCell(), MadeRun.cell(1, 5)));

    assertThat(words(page)).contains("failed: no memory for &lt;it&gt;");
    assertThat(page).doesNotContain("<it>");
  }

  @Test
  void aRunOfFailuresIsStillAPage() throws Exception {
    String page = page(MadeRun.run(false, MadeRun.failedCell()));

    assertThat(words(page)).doesNotContain("<canvas");
    assertThat(page).endsWith("</body></html>\n");
  }

  @Test
  void everyCellOfAnEmulationSaysSo() throws Exception {
    String page = page(MadeRun.run(true, MadeRun.cell(1, 5), MadeRun.cell(2, 9)));

    assertThat(page).contains("Emulated: this page says nothing");
    assertThat(words(page).lines().filter(line -> line.startsWith("<tr")))
        .hasSize(2)
        .allMatch(line -> line.contains("(emulated)"));
  }

  @Test
  void tooFewCallsForAPercentileAreMarked() throws Exception {
    assertThat(page(MadeRun.run(false, MadeRun.cell(1, 200))))
        .contains("?</td>", "? marks too few");
    assertThat(page(MadeRun.run(false, MadeRun.cell(1, 5)))).doesNotContain("?</td>");
  }

  @Test
  void measuredBesidePublishedIsTheFirstPicture() throws Exception {
    Preset preset = Preset.named("inf2-bge-base");
    Cell cell = new Cell(new Shape(1, 256), 2, 1);
    String page =
        page(
            MadeRun.run(
                false, preset, MadeRun.result(cell, MadeRun.timers(3, 5, 1), Double.NaN, preset)));

    String first = page.substring(page.indexOf("<figure"), page.indexOf("<table"));
    assertThat(first)
        .contains("Measured beside published", "Published: bge-base-en-v1.5, bf16")
        .containsOnlyOnce("<canvas");
    assertThat(page(MadeRun.run(false, MadeRun.cell(1, 5)))).doesNotContain("beside published");
  }

  @Test
  void aStrangerReadsHowItWasMeasured() throws Exception {
    String page = words(page(MadeRun.run(false, MadeRun.cell(1, 5))));

    assertThat(page.substring(0, page.indexOf("<table")))
        .contains("a worker calls again as soon as it is free", "a slot of their own");
    assertThat(page).contains("<dt>p50 ms</dt><dd>latency that half of the calls stay under</dd>");
  }

  /** A screen reader has a name for every picture, and a heading for every value. */
  @Test
  void picturesHaveWordsAndTablesHaveHeadings() throws Exception {
    String page = words(page(MadeRun.run(false, MadeRun.cell(1, 5), MadeRun.cell(2, 40, 8))));

    assertThat(page.lines().filter(line -> line.contains("<canvas")))
        .hasSize(5)
        .allMatch(line -> line.matches(".*<canvas role=\"img\" aria-label=\"[^\"]{30,}\".*"));
    assertThat(page).contains("<html lang=\"en\">", "<caption>", "scope=\"col\"", "scope=\"row\"");
    assertThat(page.lines().filter(line -> line.startsWith("<tr")))
        .allMatch(
            line -> line.split("<t[dh] ", -1).length == line.split("data-heading=", -1).length);
  }

  @Test
  void numbersAreReadable() {
    assertThat(Digits.number(23_804_039)).isEqualTo("23.80 million");
    assertThat(Digits.number(4.2e9)).isEqualTo("4.200 billion");
    assertThat(Digits.number(1234.56)).isEqualTo("1,235");
    assertThat(Digits.number(12.3456)).isEqualTo("12.35");
    assertThat(Digits.number(999_949)).isEqualTo("999,949");
    assertThat(Digits.number(0.218)).isEqualTo("0.218");
    assertThat(Digits.number(Double.NaN)).isEqualTo("–");
    assertThat(Digits.count(999_999)).isEqualTo("999,999");
  }
}
