package io.github.neuronembed.cli.bench.report;

import io.github.neuronembed.cli.bench.result.CellResult;
import io.github.neuronembed.cli.bench.result.Run;
import io.github.neuronembed.cli.bench.result.ThreePlaces;
import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVPrinter;
import org.jspecify.annotations.Nullable;

/**
 * NeuronPerf's 26 columns in their order, so that spreadsheets made for it work, then ours. A
 * missing value is {@code N/A}.
 */
public final class CsvReport {

  private CsvReport() {}

  /** Writes a header and a line for each cell. */
  public static void write(Run run, Appendable out) throws IOException {
    List<Columns.Column> columns = Columns.ofCsv();
    CSVPrinter printer =
        new CSVPrinter(out, CSVFormat.DEFAULT.builder().setRecordSeparator('\n').get());
    printer.printRecord(columns.stream().map(Columns.Column::name).toList());
    for (CellResult result : run.cells()) {
      printer.printRecord(
          columns.stream().map(column -> text(column.value().apply(run, result))).toList());
    }
  }

  private static String text(@Nullable Object value) {
    if (value == null) {
      return ThreePlaces.MISSING;
    }
    if (value instanceof Double number) {
      return ThreePlaces.text(number);
    }
    if (value instanceof List<?> sentences) {
      return sentences.stream().map(Object::toString).collect(Collectors.joining(" "));
    }
    return value.toString();
  }
}
