package io.github.neuronembed.cli.serve;

import com.google.gson.JsonPrimitive;
import io.github.neuronembed.InputType;
import io.github.neuronembed.vectors.VectorType;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * OpenAI's {@code POST /v1/embeddings}. It also accepts {@code input_type} ({@code query}, {@code
 * passage} or {@code document}), and Voyage's and Mistral's {@code output_dtype} and {@code
 * output_dimension}. It ignores {@code user} and unknown fields.
 */
final class OpenAiApi implements RequestReader {

  private final ServedModel model;
  private final InputReader inputs;

  OpenAiApi(ServedModel model, InputReader inputs) {
    this.model = model;
    this.inputs = inputs;
  }

  private final class Fields implements JsonBody.FieldReader {
    private @Nullable Inputs input;
    private @Nullable String name;
    private @Nullable InputType type;
    private int dimensions;
    private VectorType dtype = VectorType.FLOAT32;
    private boolean base64;

    @Override
    public boolean read(String field, JsonBody body) throws IOException {
      switch (field) {
        case "input" -> input = inputs.inputs(body);
        case "model" -> name = body.word();
        case "encoding_format" -> base64 = isBase64(body.word());
        case "dimensions", "output_dimension" -> dimensions = body.positive();
        case "output_dtype" -> dtype = VectorFormat.type(body.word(), field);
        case "input_type" -> type = InputTypes.of(body.word(), field);
        default -> {
          return false;
        }
      }
      return true;
    }

    private static boolean isBase64(String format) {
      return switch (format) {
        case "float" -> false;
        case "base64" -> true;
        default ->
            throw HttpError.invalid(
                "encoding_format", "'encoding_format' is neither float nor base64.");
      };
    }
  }

  @Override
  public Call read(RequestBody body) {
    Fields fields = new Fields();
    JsonBody.read(body, fields);
    if (fields.input == null) {
      throw HttpError.invalid("input", "'input' is missing: a string or a list of strings.");
    }
    VectorForm form = model.form(fields.dimensions);
    VectorFormat format =
        new VectorFormat(model.encoder(fields.dtype, form.dimension()), fields.base64);
    String name = model.require(fields.name);
    return new EmbeddingCall(fields.input, fields.type, null, form, new Answer(name, format));
  }

  private record Answer(String model, VectorFormat format) implements EmbeddingCall.Answer {

    private static final int AROUND = 64;

    @Override
    public long bytes(int inputs, int dimension) {
      return inputs * (AROUND + format.bytes(dimension));
    }

    @Override
    public void write(List<float[]> vectors, long tokens, JsonOutput out) {
      out.json("{\"object\":\"list\",\"data\":[");
      for (int i = 0; i < vectors.size(); i++) {
        out.json(i > 0 ? "," : "").json("{\"object\":\"embedding\",\"index\":").number(i);
        out.json(",\"embedding\":");
        format.write(vectors.get(i), out);
        out.json("}");
      }
      out.json("],\"model\":").json(new JsonPrimitive(model).toString());
      out.json(",\"usage\":{\"prompt_tokens\":").number(tokens);
      out.json(",\"total_tokens\":").number(tokens).json("}}");
    }
  }
}
