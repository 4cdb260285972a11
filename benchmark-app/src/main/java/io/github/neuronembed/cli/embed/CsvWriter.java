package io.github.neuronembed.cli.embed;

import com.google.gson.JsonPrimitive;
import io.github.neuronembed.TokenizedText;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVPrinter;

/** A header {@code id,e0,e1,…}, then a row for each vector. */
final class CsvWriter implements VectorWriter {

  private final VectorNumbers numbers;
  private final CSVPrinter printer;

  CsvWriter(OutputStream out, VectorNumbers numbers, int dimension) throws IOException {
    this.numbers = numbers;
    this.printer =
        new CSVPrinter(
            new BufferedWriter(new OutputStreamWriter(out, StandardCharsets.UTF_8)),
            CSVFormat.DEFAULT.builder().setRecordSeparator('\n').get());
    printer.print("id");
    for (int i = 0; i < numbers.count(dimension); i++) {
      printer.print("e" + i);
    }
    printer.println();
  }

  @Override
  public void write(JsonPrimitive id, TokenizedText tokens, float[] vector) throws IOException {
    printer.print(id.getAsString());
    for (String number : numbers.of(vector)) {
      printer.print(number);
    }
    printer.println();
  }

  @Override
  public void flush() throws IOException {
    printer.flush();
  }

  @Override
  public void close() throws IOException {
    printer.close(true);
  }
}
