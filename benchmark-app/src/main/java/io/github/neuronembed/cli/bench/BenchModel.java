package io.github.neuronembed.cli.bench;

import com.google.gson.JsonObject;
import io.github.neuronembed.BackendChoice;
import io.github.neuronembed.backend.TokenRow;
import io.github.neuronembed.cli.EmbedderArguments;
import io.github.neuronembed.cli.UsageException;
import io.github.neuronembed.cli.bench.measure.BenchBackends;
import io.github.neuronembed.cli.bench.measure.QualityCheck;
import io.github.neuronembed.cli.models.ModelArgument;
import io.github.neuronembed.engine.VectorReader;
import io.github.neuronembed.model.CrossEncoderDirectory;
import io.github.neuronembed.model.Precision;
import io.github.neuronembed.model.TransformerDirectory;
import java.io.IOException;
import java.nio.file.Path;
import org.apache.commons.cli.CommandLine;
import org.jspecify.annotations.Nullable;

/** The model of a run: one of texts, whose rows are texts, or of pairs, whose rows are pairs. */
interface BenchModel {

  /** Makes the rows of texts. */
  interface Tokenizer extends AutoCloseable {

    /** The tokens of a row, special tokens included. Thread-safe. */
    TokenRow row(String text);

    @Override
    void close();
  }

  /**
   * Opens the directory that the arguments name.
   *
   * @throws UsageException if there is none, or an argument does not apply to it
   * @throws io.github.neuronembed.ModelLoadException if it is incomplete or damaged
   */
  static BenchModel of(CommandLine arguments) {
    String query = arguments.getOptionValue("query");
    CrossEncoderDirectory pairs =
        ModelArgument.crossEncoder(arguments.getOptionValue("model", ModelArgument.AT_HAND));
    if (pairs != null) {
      if (query == null && arguments.hasOption("texts")) {
        throw new UsageException(
            "%s is a cross-encoder, which reads pairs: say with --query what the --texts answer."
                .formatted(pairs.name()));
      }
      return new PairModel(pairs, query == null ? "" : query);
    }
    if (query != null) {
      throw new UsageException("--query goes with the --texts of a cross-encoder.");
    }
    return new TextModel(EmbedderArguments.model(arguments));
  }

  /** The folder of its Transformer. */
  TransformerDirectory transformer();

  /** Whether its rows are pairs. */
  boolean pairs();

  /**
   * The backend that the arguments choose; never {@code AUTO}.
   *
   * @throws UsageException if the arguments contradict each other
   */
  BackendChoice backend(CommandLine arguments);

  /** Whether the model is computed, see {@link BenchArguments#computed}. */
  boolean computed(CommandLine arguments, BackendChoice backend) throws IOException;

  /** The file that is loaded. */
  Path file(BackendChoice backend, Precision precision, boolean preparedGraph);

  /** Opens the backend of a cell. */
  BenchBackends backends(
      BackendChoice backend, Path file, Precision precision, JsonObject emulator, boolean computed);

  /** The reader of a backend's results. */
  VectorReader reader();

  /** The reference that its vectors are compared with; null if there is none. */
  QualityCheck.@Nullable Reference reference();

  /**
   * Opens its tokenizer.
   *
   * @return a new one, owned by the caller
   */
  Tokenizer tokenizer();
}
