#!/usr/bin/env bash
# HdrHistogram's own HistogramLogProcessor leaves every tagged line out of its report unless -tag names one tag, and
# does not say so; -alltags is accepted but has no effect. If histograms are tagged by operation, the percentiles of
# the report are those of the lines without a tag.
work=$(mktemp -d)
. "$(dirname "$0")/java-program"
artifacts org.hdrhistogram:HdrHistogram:2.2.2
cat >"$work/Tags.java" <<'JAVA'
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.PrintStream;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogProcessor;
import org.HdrHistogram.HistogramLogWriter;

public class Tags {
  public static void main(String[] args) throws Exception {
    File log = new File(args[0]);
    HistogramLogWriter writer = new HistogramLogWriter(log);
    writer.outputLogFormatVersion();
    writer.outputLegend();
    for (String tag : new String[] {null, "embed"}) {
      Histogram histogram = new Histogram(3);
      histogram.setTag(tag);
      int values = tag == null ? 1 : 100;
      for (int i = 1; i <= values; i++) histogram.recordValue(1000L * i);
      histogram.setStartTimeStamp(0);
      histogram.setEndTimeStamp(1000);
      writer.outputIntervalHistogram(histogram);
    }
    writer.close();
    String plain = total("-i", log.getPath());
    String all = total("-i", log.getPath(), "-alltags");
    String one = total("-i", log.getPath(), "-tag", "embed");
    System.out.println("1 value without a tag, 100 with; counted: " + plain + "; with -alltags: " + all + "; with -tag embed: " + one);
    System.exit(plain.equals("1") && all.equals("1") && one.equals("100") ? 0 : 1);
  }

  private static String total(String... args) throws Exception {
    PrintStream out = System.out;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    System.setOut(new PrintStream(bytes));
    try {
      new HistogramLogProcessor(args).run();
    } finally {
      System.setOut(out);
    }
    String text = bytes.toString();
    int at = text.indexOf("Total count");
    return at < 0 ? "nothing" : text.substring(at).replaceAll("(?s)Total count\\s*=\\s*(\\d+).*", "$1");
  }
}
JAVA
java_program Tags "$work/log.hlog" || exit 1
