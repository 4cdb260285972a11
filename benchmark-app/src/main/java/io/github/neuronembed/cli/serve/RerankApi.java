package io.github.neuronembed.cli.serve;

import com.google.gson.stream.JsonToken;
import io.github.neuronembed.RankedText;
import io.github.neuronembed.Reranker;
import io.github.neuronembed.TruncationPolicy;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * text-embeddings-inference's {@code POST /rerank} (router/src/http/types.rs at 0d124dc), and
 * Cohere's and Jina's {@code /v1/rerank} and {@code /v2/rerank}. Scores are always sigmoids of the
 * model's logits, 0 to 1, whatever the model's configuration says: clients of these APIs compare
 * them with thresholds of that range. {@code raw_scores} asks for the logits. The results are in
 * the order of the logits.
 */
final class RerankApi {

  private static final int AROUND = 96;

  private final @Nullable Reranker reranker;
  private final Set<String> aliases;
  private final InputReader inputs;
  private final TruncationPolicy byDefault;

  /**
   * @param reranker null if this server has none
   * @param aliases other names that requests may use for it
   * @param byDefault what happens to a long pair when the request does not say
   */
  RerankApi(
      @Nullable Reranker reranker,
      Set<String> aliases,
      InputReader inputs,
      TruncationPolicy byDefault) {
    this.reranker = reranker;
    this.aliases = aliases;
    this.inputs = inputs;
    this.byDefault = byDefault;
  }

  private Reranker reranker() {
    if (reranker == null) {
      throw new HttpError(
              HttpError.Kind.NOT_FOUND,
              "This server has no reranker: start it with --reranker DIR, a cross-encoder's"
                  + " directory.")
          .withCode("model_not_found");
    }
    return reranker;
  }

  private class Fields implements JsonBody.FieldReader {
    private final String textsField;
    private final String returnField;
    @Nullable String query;
    @Nullable List<String> texts;
    private boolean truncate = byDefault != TruncationPolicy.STRICT;
    private TruncationPolicy side = TruncationPolicy.TRUNCATE;
    boolean raw;
    boolean returnTexts;

    Fields(String textsField, String returnField) {
      this.textsField = textsField;
      this.returnField = returnField;
    }

    @Override
    public boolean read(String name, JsonBody body) throws IOException {
      if (name.equals(textsField)) {
        texts = texts(body);
      } else if (name.equals(returnField)) {
        returnTexts = body.flag();
      } else {
        switch (name) {
          case "query" -> query = inputs.text(body, name);
          case "truncate" -> truncate = body.flag();
          case "raw_scores" -> raw = body.flag();
          case "truncation_direction" -> side = InferenceApi.side(body.word());
          default -> {
            return false;
          }
        }
      }
      return true;
    }

    List<String> texts(JsonBody body) throws IOException {
      return inputs.texts(body);
    }

    /** How a long pair is truncated. */
    TruncationPolicy truncation() {
      return truncate ? side : TruncationPolicy.STRICT;
    }

    String requireQuery() {
      if (query == null) {
        throw HttpError.invalid("query", "'query' is missing: a string.");
      }
      return query;
    }

    List<String> requireTexts() {
      if (texts == null) {
        throw HttpError.invalid(
            textsField, "'%s' is missing: a list of strings.".formatted(textsField));
      }
      return texts;
    }
  }

  /** Reads a request in text-embeddings-inference's format. */
  Call inference(RequestBody body) {
    Reranker unused = reranker();
    Fields fields = new Fields("texts", "return_text");
    JsonBody.read(body, fields);
    List<String> texts = fields.requireTexts();
    return new RerankCall(
        fields.requireQuery(),
        texts,
        fields.truncation(),
        new Ranks(texts, fields.raw, fields.returnTexts));
  }

  private record Ranks(List<String> texts, boolean raw, boolean returnTexts)
      implements RerankCall.Answer {
    @Override
    public long bytes() {
      return RerankApi.bytes(texts, returnTexts);
    }

    @Override
    public void write(float[] logits, long tokens, JsonOutput out) {
      out.json("[");
      String separator = "";
      for (RankedText text : Reranker.ranked(logits)) {
        out.json(separator).json("{\"index\":").number(text.index());
        if (returnTexts) {
          out.json(",\"text\":").string(texts.get(text.index()));
        }
        out.json(",\"score\":").real(score(text.score(), raw)).json("}");
        separator = ",";
      }
      out.json("]");
    }
  }

  private final class DocumentFields extends Fields {
    private @Nullable String model;
    private int most = Integer.MAX_VALUE;

    DocumentFields() {
      super("documents", "return_documents");
    }

    @Override
    public boolean read(String name, JsonBody body) throws IOException {
      switch (name) {
        case "model" -> model = body.word();
        case "query" -> query = text(body, name);
        case "top_n" -> most = body.positive();
        case "rank_fields" -> requireText(inputs.texts(body));
        default -> {
          return super.read(name, body);
        }
      }
      return true;
    }

    /** Strings, or objects with a text. */
    @Override
    List<String> texts(JsonBody body) throws IOException {
      String field = body.field();
      if (body.value().peek() != JsonToken.BEGIN_ARRAY) {
        throw body.wrong(field, "a list");
      }
      List<String> documents = new ArrayList<>();
      body.value().beginArray();
      while (body.value().hasNext()) {
        inputs.checkCapacity(field, documents.size());
        String where = "%s[%s]".formatted(field, documents.size());
        documents.add(text(body, where));
      }
      body.value().endArray();
      if (documents.isEmpty()) {
        throw HttpError.empty(field);
      }
      return documents;
    }

    /** The fields by which documents are ranked, in Cohere's first version. */
    private void requireText(List<String> fields) {
      if (!fields.equals(List.of("text"))) {
        throw HttpError.invalid(
            "rank_fields",
            "'rank_fields' names other fields than 'text': put all that is to be ranked into"
                + " 'text'.");
      }
    }

    /** A string, or an object with one in its {@code text}, whose other fields are ignored. */
    private String text(JsonBody body, String where) throws IOException {
      if (body.value().peek() != JsonToken.BEGIN_OBJECT) {
        return inputs.text(body, where);
      }
      String text = null;
      body.value().beginObject();
      while (body.value().hasNext()) {
        if (body.value().nextName().equals("text")) {
          text = inputs.text(body, where + ".text");
        } else {
          body.value().skipValue();
        }
      }
      body.value().endObject();
      if (text == null) {
        throw HttpError.invalid(where, "'%s.text' is missing: a string.".formatted(where));
      }
      return text;
    }
  }

  /** Reads a request in Cohere's or Jina's format. */
  Call documents(RequestBody body) {
    String name = reranker().modelName();
    DocumentFields fields = new DocumentFields();
    JsonBody.read(body, fields);
    List<String> documents = fields.requireTexts();
    return new RerankCall(
        fields.requireQuery(),
        documents,
        fields.truncation(),
        new Results(
            ServedModel.require(fields.model, name, aliases),
            documents,
            fields.most,
            fields.raw,
            fields.returnTexts));
  }

  private record Results(
      String model, List<String> documents, int most, boolean raw, boolean returnTexts)
      implements RerankCall.Answer {
    @Override
    public long bytes() {
      return RerankApi.bytes(documents, returnTexts);
    }

    @Override
    public void write(float[] logits, long tokens, JsonOutput out) {
      out.json("{\"id\":").string(UUID.randomUUID().toString());
      out.json(",\"model\":").string(model).json(",\"results\":[");
      List<RankedText> ranked = Reranker.ranked(logits);
      for (int i = 0; i < Math.min(most, ranked.size()); i++) {
        RankedText text = ranked.get(i);
        out.json(i > 0 ? "," : "").json("{\"index\":").number(text.index());
        out.json(",\"relevance_score\":").real(score(text.score(), raw));
        if (returnTexts) {
          out.json(",\"document\":{\"text\":").string(documents.get(text.index())).json("}");
        }
        out.json("}");
      }
      // Jina's token count, and Cohere's billed units, without which Cohere's clients fail.
      out.json("],\"usage\":{\"prompt_tokens\":").number(tokens);
      out.json(",\"total_tokens\":").number(tokens);
      out.json("},\"meta\":{\"billed_units\":{\"search_units\":1}}}");
    }
  }

  private static float score(float logit, boolean raw) {
    return raw ? logit : Reranker.sigmoid(logit);
  }

  private static long bytes(List<String> texts, boolean returnTexts) {
    long characters = returnTexts ? texts.stream().mapToLong(String::length).sum() : 0;
    return AROUND * (texts.size() + 4L) + 2 * characters;
  }
}
