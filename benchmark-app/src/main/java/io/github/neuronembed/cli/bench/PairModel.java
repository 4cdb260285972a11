package io.github.neuronembed.cli.bench;

import com.google.gson.JsonObject;
import io.github.neuronembed.BackendChoice;
import io.github.neuronembed.TruncationPolicy;
import io.github.neuronembed.backend.TokenRow;
import io.github.neuronembed.backend.onnx.OnnxBackend;
import io.github.neuronembed.backend.onnx.OnnxOptions;
import io.github.neuronembed.cli.EmbedderArguments;
import io.github.neuronembed.cli.UsageException;
import io.github.neuronembed.cli.bench.measure.BenchBackends;
import io.github.neuronembed.cli.bench.measure.QualityCheck;
import io.github.neuronembed.engine.VectorReader;
import io.github.neuronembed.model.CrossEncoderDirectory;
import io.github.neuronembed.model.PoolingStrategy;
import io.github.neuronembed.model.Precision;
import io.github.neuronembed.model.TransformerDirectory;
import io.github.neuronembed.model.graph.GraphFile;
import io.github.neuronembed.tokenizer.PairTokenizer;
import java.nio.file.Path;
import java.util.List;
import org.apache.commons.cli.CommandLine;
import org.jspecify.annotations.Nullable;

/**
 * A cross-encoder, which makes a score of a pair, on ONNX Runtime.
 *
 * @param query the first side of every pair of texts; it is tokenized only once
 */
record PairModel(CrossEncoderDirectory directory, String query) implements BenchModel {

  @Override
  public TransformerDirectory transformer() {
    return directory.transformer();
  }

  @Override
  public boolean pairs() {
    return true;
  }

  @Override
  public BackendChoice backend(CommandLine arguments) {
    BackendChoice choice =
        EmbedderArguments.choice(arguments, "backend", BackendChoice.AUTO, BackendChoice.values());
    if (choice != BackendChoice.AUTO && choice != BackendChoice.ONNX) {
      throw new UsageException(
          "--backend %s computes no cross-encoder: leave it out, or say onnx."
              .formatted(EmbedderArguments.name(choice)));
    }
    for (String option : List.of("emulator", "emulated-hash")) {
      if (arguments.hasOption(option)) {
        throw new UsageException("--%s goes with --backend emulator.".formatted(option));
      }
    }
    return BackendChoice.ONNX;
  }

  @Override
  public boolean computed(CommandLine arguments, BackendChoice backend) {
    return true;
  }

  @Override
  public Path file(BackendChoice backend, Precision precision, boolean preparedGraph) {
    return GraphFile.of(directory, precision, preparedGraph).path();
  }

  @Override
  public BenchBackends backends(
      BackendChoice backend,
      Path file,
      Precision precision,
      JsonObject emulator,
      boolean computed) {
    return cell ->
        OnnxBackend.openCrossEncoder(
            file,
            directory.transformer().padTokenId(),
            new OnnxOptions(cell.models(), 1, List.of(cell.shape())));
  }

  @Override
  public VectorReader reader() {
    return new VectorReader(PoolingStrategy.CLS, false);
  }

  @Override
  public QualityCheck.@Nullable Reference reference() {
    return null;
  }

  @Override
  public Tokenizer tokenizer() {
    PairTokenizer tokenizer = PairTokenizer.open(directory);
    PairTokenizer.Query first = tokenizer.query(query, TruncationPolicy.TRUNCATE);
    return new Tokenizer() {
      @Override
      public TokenRow row(String text) {
        return tokenizer.pair(0, first, text, false).tokens();
      }

      @Override
      public void close() {
        tokenizer.close();
      }
    };
  }
}
