package io.github.neuronembed.cli.serve;

import io.github.neuronembed.cli.models.ModelArgument;
import java.nio.ByteBuffer;
import java.util.Set;

/** Bytes as the body of a request: a call or an error that can be answered. */
public final class RequestBodyFuzz {

  private static final ServedModel MODEL =
      new ServedModel(ModelArgument.resolve(ModelArgument.AT_HAND), Set.of("alias"));
  private static final EmbeddingApi OPEN_AI = new OpenAiApi(MODEL, 8);
  private static final EmbeddingApi INFERENCE = new InferenceApi(MODEL, 8);

  private RequestBodyFuzz() {}

  /** Reads the bytes by both APIs. */
  public static void fuzzerTestOneInput(byte[] data) {
    read(OPEN_AI, data);
    read(INFERENCE, data);
  }

  private static void read(EmbeddingApi api, byte[] data) {
    try {
      EmbeddingCall unused = api.read(ByteBuffer.wrap(data));
    } catch (HttpError e) {
      if (e.kind() == HttpError.Kind.FAILED) {
        throw new AssertionError("A body counts as a failure of the server.", e);
      }
    }
  }
}
