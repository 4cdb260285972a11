package io.github.neuronembed.cli.embed;

import com.google.gson.JsonPrimitive;
import io.github.neuronembed.TokenizedText;
import io.github.neuronembed.vectors.Int8Ranges;
import java.io.IOException;

/** Hands vectors on, and finds the range of each element. */
record CalibratingWriter(VectorWriter next, Int8Ranges.Calibration calibration)
    implements VectorWriter {

  @Override
  public void write(JsonPrimitive id, TokenizedText tokens, float[] vector) throws IOException {
    calibration.add(vector);
    next.write(id, tokens, vector);
  }

  @Override
  public void flush() throws IOException {
    next.flush();
  }

  @Override
  public void close() throws IOException {
    next.close();
  }
}
