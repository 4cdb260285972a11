package io.github.neuronembed.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringReader;
import java.util.Locale;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.xml.sax.InputSource;

/** The page needs nothing but itself, and hides nothing. */
@Tag("machine-format")
class HtmlReportTest {

  private static String page(BenchRun run) throws Exception {
    StringBuilder page = new StringBuilder();
    HtmlReport.write(run, page);
    return page.toString();
  }

  @Test
  void asksForNothingFromAnywhere() throws Exception {
    String page = page(MadeRun.run(false, MadeRun.cell(1, 5), MadeRun.cell(2, 40, 8)));

    assertThat(page).doesNotContain("http:", "https:", "<script", "src=", "url(", "@import");
    assertThat(page).contains("Timeline", "Throughput against latency", "Cost of a million");
  }

  @Test
  void aFailedCellSaysWhyAndItsReasonIsNoMarkup() throws Exception {
    String page = page(MadeRun.run(false, MadeRun.failedCell(), MadeRun.cell(1, 5)));

    assertThat(page).contains("failed: no memory for &lt;it&gt;");
  }

  @Test
  void aRunOfFailuresIsStillAPage() throws Exception {
    assertThat(page(MadeRun.run(false, MadeRun.failedCell()))).endsWith("</body></html>\n");
  }

  @Test
  void everyCellOfAnEmulationSaysSo() throws Exception {
    String page = page(MadeRun.run(true, MadeRun.cell(1, 5), MadeRun.cell(2, 9)));

    assertThat(page).contains("Emulated: nothing on this page");
    assertThat(page.lines().filter(line -> line.startsWith("<tr>")))
        .isNotEmpty()
        .allMatch(line -> line.contains("(emulated)"));
  }

  @Test
  void tooFewCallsForAPercentileAreMarked() throws Exception {
    assertThat(page(MadeRun.run(false, MadeRun.cell(1, 200)))).contains("?</td>", "?: too few");
    assertThat(page(MadeRun.run(false, MadeRun.cell(1, 5)))).doesNotContain("?: too few");
  }

  @Test
  void thePicturesAreWellFormedInAnyLanguage() throws Exception {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.GERMANY);
    try {
      String page = page(MadeRun.run(false, MadeRun.cell(1, 5), MadeRun.cell(2, 40, 8)));
      int pictures = 0;
      for (int at = page.indexOf("<svg"); at >= 0; at = page.indexOf("<svg", at + 1)) {
        String svg = page.substring(at, page.indexOf("</svg>", at) + 6);
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new InputSource(new StringReader(svg)));
        assertThat(svg).doesNotContain("NaN", "Infinity").doesNotContainPattern("=\"\\d+,\\d+\"");
        pictures++;
      }
      assertThat(pictures).isEqualTo(5);
    } finally {
      Locale.setDefault(before);
    }
  }
}
