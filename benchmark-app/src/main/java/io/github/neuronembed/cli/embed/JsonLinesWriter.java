package io.github.neuronembed.cli.embed;

import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** {@code {"id":…,"embedding":[…]}} a line; the numbers read back as the same floats. */
final class JsonLinesWriter implements VectorWriter {

  private final OutputStream out;
  private final StringBuilder line = new StringBuilder();

  JsonLinesWriter(OutputStream out) {
    this.out = out;
  }

  @Override
  public void write(JsonPrimitive id, float[] vector) throws IOException {
    line.setLength(0);
    // JsonPrimitive's text is JSON: strings quoted and escaped, numbers as they were written.
    line.append("{\"id\":").append(id).append(",\"embedding\":[");
    for (int i = 0; i < vector.length; i++) {
      if (i > 0) {
        line.append(',');
      }
      line.append(vector[i]);
    }
    line.append("]}\n");
    out.write(line.toString().getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public void flush() throws IOException {
    out.flush();
  }

  @Override
  public void close() throws IOException {
    out.close();
  }
}
