package io.github.neuronembed.cli.serve;

import io.github.neuronembed.TruncationPolicy;
import io.github.neuronembed.cli.models.ModelArgument;
import java.util.Set;

/** Bytes as the body of a request: a call or an error that can be answered. */
public final class RequestBodyFuzz {

  private static final ServedModel MODEL =
      new ServedModel(ModelArgument.resolve(ModelArgument.AT_HAND), Set.of("alias"), null);
  private static final InputReader INPUTS = new InputReader(8, false);
  private static final OpenAiApi OPEN_AI = new OpenAiApi(MODEL, INPUTS);
  private static final InferenceApi INFERENCE =
      new InferenceApi(MODEL, INPUTS, TruncationPolicy.TRUNCATE);
  private static final TokenizerApi TOKENIZER = new TokenizerApi(MODEL, INPUTS);

  private RequestBodyFuzz() {}

  /** Reads the bytes as every kind of request. */
  public static void fuzzerTestOneInput(byte[] data) {
    read(OPEN_AI, data);
    read(INFERENCE::embed, data);
    read(INFERENCE::similarity, data);
    read(TOKENIZER::tokenize, data);
    read(TOKENIZER::decode, data);
  }

  private static void read(RequestReader reader, byte[] data) {
    try {
      Call unused = reader.read(RequestBody.of(data));
    } catch (HttpError e) {
      if (e.kind() == HttpError.Kind.FAILED) {
        throw new AssertionError("A body counts as a failure of the server.", e);
      }
    }
  }
}
