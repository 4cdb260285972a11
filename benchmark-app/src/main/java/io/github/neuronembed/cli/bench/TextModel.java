package io.github.neuronembed.cli.bench;

import com.google.gson.JsonObject;
import io.github.neuronembed.BackendChoice;
import io.github.neuronembed.InputType;
import io.github.neuronembed.backend.TokenRow;
import io.github.neuronembed.cli.bench.measure.Backends;
import io.github.neuronembed.cli.bench.measure.BenchBackends;
import io.github.neuronembed.cli.bench.measure.QualityCheck;
import io.github.neuronembed.engine.VectorReader;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.Precision;
import io.github.neuronembed.model.TransformerDirectory;
import io.github.neuronembed.tokenizer.TextTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import org.apache.commons.cli.CommandLine;

/** A model that makes a vector of a text. */
record TextModel(ModelDirectory directory) implements BenchModel {

  @Override
  public TransformerDirectory transformer() {
    return directory.transformer();
  }

  @Override
  public boolean pairs() {
    return false;
  }

  @Override
  public BackendChoice backend(CommandLine arguments) {
    return Backends.choice(arguments, directory);
  }

  @Override
  public boolean computed(CommandLine arguments, BackendChoice backend) throws IOException {
    return Backends.computes(arguments, directory, backend);
  }

  @Override
  public Path file(BackendChoice backend, Precision precision, boolean preparedGraph) {
    return Backends.file(directory, backend, precision, preparedGraph);
  }

  @Override
  public BenchBackends backends(
      BackendChoice backend,
      Path file,
      Precision precision,
      JsonObject emulator,
      boolean computed) {
    return Backends.of(directory, backend, file, precision, emulator, computed);
  }

  @Override
  public VectorReader reader() {
    return new VectorReader(directory.pooling(), directory.normalize());
  }

  @Override
  public QualityCheck.Reference reference() {
    return length -> Backends.reference(directory, length);
  }

  @Override
  public Tokenizer tokenizer() {
    TextTokenizer tokenizer = TextTokenizer.open(directory);
    return new Tokenizer() {
      @Override
      public TokenRow row(String text) {
        return TokenRow.of(tokenizer.encode(text, InputType.PASSAGE));
      }

      @Override
      public void close() {
        tokenizer.close();
      }
    };
  }
}
