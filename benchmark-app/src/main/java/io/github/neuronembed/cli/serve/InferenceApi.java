package io.github.neuronembed.cli.serve;

import io.github.neuronembed.InputType;
import io.github.neuronembed.TruncationPolicy;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * text-embeddings-inference's {@code POST /embed} and {@code /similarity} (router/src/http/types.rs
 * at 0d124dc). {@code prompt_name} is {@code query}, or {@code passage} or {@code document};
 * vectors are normalised unless {@code normalize} is false. A model that states normalisation
 * refuses false: rewritten graphs, compiled models and the native core's encoder normalise
 * themselves. {@code truncation_direction} (Left or Right) overrides what the model states.
 */
final class InferenceApi {

  private final ServedModel model;
  private final InputReader inputs;
  private final TruncationPolicy byDefault;

  /**
   * @param byDefault how a long text is truncated if a request does not say
   */
  InferenceApi(ServedModel model, InputReader inputs, TruncationPolicy byDefault) {
    this.model = model;
    this.inputs = inputs;
    this.byDefault = byDefault;
  }

  /** Fields that several kinds of request have. */
  private class Parameters implements JsonBody.FieldReader {
    @Nullable InputType type;
    private boolean truncate = byDefault != TruncationPolicy.STRICT;
    private TruncationPolicy side = TruncationPolicy.TRUNCATE;

    /** How a long text is truncated. */
    TruncationPolicy truncation() {
      return truncate ? side : TruncationPolicy.STRICT;
    }

    @Override
    public boolean read(String name, JsonBody body) throws IOException {
      switch (name) {
        case "truncate" -> truncate = body.flag();
        case "prompt_name" -> type = InputTypes.of(body.word(), name);
        case "truncation_direction" -> side = side(body.word());
        default -> {
          return false;
        }
      }
      return true;
    }
  }

  /** How a {@code truncation_direction} truncates a long text. */
  static TruncationPolicy side(String direction) {
    return switch (direction) {
      case "Left", "left" -> TruncationPolicy.TRUNCATE_LEFT;
      case "Right", "right" -> TruncationPolicy.TRUNCATE_RIGHT;
      default ->
          throw HttpError.invalid(
              "truncation_direction", "'truncation_direction' is neither Left nor Right.");
    };
  }

  private final class EmbedFields extends Parameters {
    private @Nullable Inputs texts;
    private boolean normalize = true;
    private int dimensions;

    @Override
    public boolean read(String name, JsonBody body) throws IOException {
      switch (name) {
        case "inputs" -> texts = inputs.inputs(body);
        case "normalize" -> normalize = body.flag();
        case "dimensions" -> dimensions = body.positive();
        default -> {
          return super.read(name, body);
        }
      }
      return true;
    }
  }

  /** Reads a request to {@code /embed}. */
  Call embed(RequestBody body) {
    EmbedFields fields = new EmbedFields();
    JsonBody.read(body, fields);
    if (fields.texts == null) {
      throw HttpError.invalid("inputs", "'inputs' is missing: a string or a list of strings.");
    }
    VectorForm form = model.form(fields.dimensions);
    boolean byTheModel = model.directory().normalize();
    if (!fields.normalize && byTheModel) {
      throw HttpError.invalid(
          "normalize",
          ("The graph of %s may normalise its vectors itself, so that their original"
                  + " length is not available: leave 'normalize' out.")
              .formatted(model.name()));
    }
    return new EmbeddingCall(
        fields.texts,
        fields.type,
        fields.truncation(),
        form,
        new VectorsAnswer(fields.normalize && !byTheModel));
  }

  private record VectorsAnswer(boolean normalize) implements EmbeddingCall.Answer {
    @Override
    public long bytes(int inputs, int dimension) {
      return inputs * JsonOutput.bytesOf(dimension);
    }

    @Override
    public void write(List<float[]> vectors, long tokens, JsonOutput out) {
      out.json("[");
      for (int i = 0; i < vectors.size(); i++) {
        float[] vector = vectors.get(i);
        if (normalize) {
          normalize(vector);
        }
        out.json(i > 0 ? "," : "").vector(vector);
      }
      out.json("]");
    }

    private static void normalize(float[] vector) {
      double length = Math.sqrt(dot(vector, vector));
      if (length > 0) {
        for (int i = 0; i < vector.length; i++) {
          vector[i] = (float) (vector[i] / length);
        }
      }
    }
  }

  private final class SimilarityFields implements JsonBody.FieldReader {
    private final Parameters parameters = new Parameters();
    private @Nullable String source;
    private @Nullable List<String> sentences;

    @Override
    public boolean read(String name, JsonBody body) throws IOException {
      switch (name) {
        case "inputs" -> body.object(this::readInputs);
        case "parameters" -> body.object(parameters);
        default -> {
          return false;
        }
      }
      return true;
    }

    private boolean readInputs(String name, JsonBody body) throws IOException {
      switch (name) {
        case "source_sentence" -> source = inputs.text(body, body.field());
        case "sentences" -> sentences = inputs.texts(body);
        default -> {
          return false;
        }
      }
      return true;
    }
  }

  /** Reads a request to {@code /similarity}. */
  Call similarity(RequestBody body) {
    SimilarityFields fields = new SimilarityFields();
    JsonBody.read(body, fields);
    if (fields.source == null || fields.sentences == null) {
      throw HttpError.invalid(
          "inputs",
          "'inputs' must have a string 'source_sentence' and a list of strings"
              + " 'sentences': one is missing.");
    }
    inputs.checkCapacity("inputs.sentences", fields.sentences.size());
    List<String> texts = new ArrayList<>(fields.sentences);
    texts.add(0, fields.source);
    return new EmbeddingCall(
        Inputs.ofTexts(texts),
        fields.parameters.type,
        fields.parameters.truncation(),
        model.form(0),
        new CosinesAnswer());
  }

  private record CosinesAnswer() implements EmbeddingCall.Answer {
    @Override
    public long bytes(int inputs, int dimension) {
      return JsonOutput.bytesOf(inputs);
    }

    @Override
    public void write(List<float[]> vectors, long tokens, JsonOutput out) {
      float[] source = vectors.get(0);
      float[] cosines = new float[vectors.size() - 1];
      for (int i = 0; i < cosines.length; i++) {
        float[] other = vectors.get(i + 1);
        double lengths = Math.sqrt(dot(source, source) * dot(other, other));
        cosines[i] = (float) (dot(source, other) / lengths);
      }
      out.vector(cosines);
    }
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }
}
