package io.github.neuronembed.cli.serve;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.stream.JsonToken;
import io.github.neuronembed.InputType;
import io.github.neuronembed.Token;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * text-embeddings-inference's {@code POST /tokenize}, {@code /decode} and {@code /embed_all}
 * (router/src/http/types.rs and core/src/tokenization.rs at 0d124dc).
 */
final class TokenizerApi {

  /**
   * text-embeddings-inference's limit for a text: this many characters for each token it may have.
   */
  private static final int CHARACTERS_A_TOKEN = 250;

  private final ServedModel model;
  private final InputReader inputs;

  TokenizerApi(ServedModel model, InputReader inputs) {
    this.model = model;
    this.inputs = inputs;
  }

  private final class TokenizeFields implements JsonBody.FieldReader {
    private @Nullable List<String> texts;
    private boolean specialTokens = true;
    private InputType type = InputType.PASSAGE;

    @Override
    public boolean read(String name, JsonBody body) throws IOException {
      switch (name) {
        case "inputs" ->
            texts =
                body.value().peek() == JsonToken.STRING
                    ? List.of(inputs.text(body, name))
                    : inputs.texts(body);
        case "add_special_tokens" -> specialTokens = body.flag();
        case "prompt_name" -> type = InputTypes.of(body.word(), name);
        default -> {
          return false;
        }
      }
      return true;
    }
  }

  /** Reads a request to {@code /tokenize}. */
  Call tokenize(RequestBody body) {
    TokenizeFields fields = new TokenizeFields();
    JsonBody.read(body, fields);
    List<String> texts = fields.texts;
    if (texts == null) {
      throw HttpError.invalid("inputs", "'inputs' is missing: a string or a list of strings.");
    }
    int most = CHARACTERS_A_TOKEN * model.directory().maxTokens();
    for (int i = 0; i < texts.size(); i++) {
      String text = texts.get(i);
      int characters = text.codePointCount(0, text.length());
      if (characters > most) {
        throw HttpError.invalid(
            "inputs",
            "Input %s has %s characters, and this path takes %s: shorten it."
                .formatted(i, characters, most));
      }
    }
    String prefix = model.directory().prefix(fields.type);
    return new Call.OfTokenizer(
        (embedder, out, wanted) -> {
          out.json("[");
          for (int i = 0; i < texts.size() && wanted.getAsBoolean(); i++) {
            out.json(i > 0 ? "," : "");
            write(
                embedder.tokens(texts.get(i), fields.type, fields.specialTokens),
                prefix + texts.get(i),
                out);
          }
          out.json("]");
        });
  }

  private static void write(List<Token> tokens, String text, JsonOutput out) {
    int[] bytes = bytesBefore(text);
    out.json("[");
    for (int i = 0; i < tokens.size(); i++) {
      Token token = tokens.get(i);
      out.json(i > 0 ? "," : "").json("{\"id\":").number(token.id());
      out.json(",\"text\":").string(token.text());
      if (token.special()) {
        out.json(",\"special\":true,\"start\":null,\"stop\":null}");
      } else {
        out.json(",\"special\":false,\"start\":").number(bytes[token.start()]);
        out.json(",\"stop\":").number(bytes[token.end()]).json("}");
      }
    }
    out.json("]");
  }

  /**
   * For each position in a text, the UTF-8 bytes before it: text-embeddings-inference counts bytes.
   */
  private static int[] bytesBefore(String text) {
    int[] bytes = new int[text.length() + 1];
    for (int i = 0; i < text.length(); ) {
      int codePoint = text.codePointAt(i);
      int next = i + Character.charCount(codePoint);
      bytes[next] = bytes[i] + text.substring(i, next).getBytes(UTF_8).length;
      i = next;
    }
    return bytes;
  }

  private final class DecodeFields implements JsonBody.FieldReader {
    private @Nullable List<int[]> ids;
    private boolean skipSpecialTokens = true;

    @Override
    public boolean read(String name, JsonBody body) throws IOException {
      switch (name) {
        case "ids" -> ids = inputs.tokenIds(body);
        case "skip_special_tokens" -> skipSpecialTokens = body.flag();
        default -> {
          return false;
        }
      }
      return true;
    }
  }

  /** Reads a request to {@code /decode}. */
  Call decode(RequestBody body) {
    DecodeFields fields = new DecodeFields();
    JsonBody.read(body, fields);
    List<int[]> lists = fields.ids;
    if (lists == null) {
      throw HttpError.invalid("ids", "'ids' is missing: a list of token ids, or of such lists.");
    }
    for (int i = 0; i < lists.size(); i++) {
      model.requireIds(i, lists.get(i));
    }
    return new Call.OfTokenizer(
        (embedder, out, wanted) -> {
          out.json("[");
          for (int i = 0; i < lists.size() && wanted.getAsBoolean(); i++) {
            out.json(i > 0 ? "," : "");
            out.string(embedder.decode(lists.get(i), fields.skipSpecialTokens));
          }
          out.json("]");
        });
  }

  /** Refuses a request to {@code /embed_all}. */
  Call embedAll(RequestBody body) {
    return new Call.OfTokenizer(
        (embedder, out, wanted) -> {
          throw new HttpError(
              HttpError.Kind.FAILED,
              "%s is served by a graph that gives a vector for each text and none for its tokens: send the texts to /embed."
                  .formatted(model.name()));
        });
  }
}
