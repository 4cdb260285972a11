package io.github.neuronembed.cli.embed;

import com.google.gson.JsonPrimitive;
import io.github.neuronembed.TokenizedText;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * {@code {"id":…,"embedding":[…]}} a line, with {@code "tokens":…,"cut":…} between them if they are
 * asked for.
 */
final class JsonLinesWriter implements VectorWriter {

  private final OutputStream out;
  private final VectorNumbers numbers;
  private final boolean withTokens;
  private final StringBuilder line = new StringBuilder();

  JsonLinesWriter(OutputStream out, VectorNumbers numbers, boolean withTokens) {
    this.out = out;
    this.numbers = numbers;
    this.withTokens = withTokens;
  }

  @Override
  public void write(JsonPrimitive id, TokenizedText tokens, float[] vector) throws IOException {
    line.setLength(0);
    // JsonPrimitive's text is JSON: strings quoted and escaped, numbers as they were written.
    line.append("{\"id\":").append(id);
    if (withTokens) {
      line.append(",\"tokens\":").append(tokens.tokenCount());
      line.append(",\"cut\":").append(tokens.isCut());
    }
    line.append(",\"embedding\":[").append(String.join(",", numbers.of(vector))).append("]}\n");
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
