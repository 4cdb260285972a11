package io.github.neuronembed.cli.serve;

import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.github.neuronembed.Reranker;
import io.github.neuronembed.TextEmbedder;
import io.github.neuronembed.TruncationPolicy;
import io.github.neuronembed.engine.EngineHealth;
import io.github.neuronembed.model.ModelDirectory;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the server reports about itself: its model, its limits, its health. */
final class Pages {

  private final TextEmbedder embedder;
  private final @Nullable Reranker reranker;
  private final ServedModel model;
  private final ServerOptions options;
  private final String version;
  private final long created = Instant.now().getEpochSecond();

  Pages(
      TextEmbedder embedder,
      @Nullable Reranker reranker,
      ServedModel model,
      ServerOptions options,
      String version) {
    this.embedder = embedder;
    this.reranker = reranker;
    this.model = model;
    this.options = options;
    this.version = version;
  }

  private static Route.Content json(int status, JsonObject body) {
    return new Route.Content(status, EmbeddingServer.JSON, body.toString());
  }

  /**
   * The readiness answer: whether clients should send requests.
   *
   * @param draining whether the server is about to end
   */
  Route.Content ready(boolean draining) {
    EngineHealth health = health();
    return health(health, health.state() != EngineHealth.State.FAILED && !draining, draining);
  }

  /**
   * The liveness answer: whether the process should keep running. A process that is draining counts
   * as alive.
   *
   * @param draining whether the server is about to end
   */
  Route.Content live(boolean draining) {
    EngineHealth health = health();
    return health(health, health.state() != EngineHealth.State.FAILED || draining, draining);
  }

  /** The reranker's health if it has failed, else the embedder's. */
  private EngineHealth health() {
    if (reranker != null && reranker.health().state() == EngineHealth.State.FAILED) {
      return reranker.health();
    }
    return embedder.health();
  }

  private static Route.Content health(EngineHealth health, boolean well, boolean draining) {
    JsonObject body = new JsonObject();
    body.addProperty(
        "status", draining ? "draining" : health.state().name().toLowerCase(Locale.ROOT));
    JsonObject failed = new JsonObject();
    for (Map.Entry<Integer, String> core : health.failedCores().entrySet()) {
      failed.addProperty(core.getKey().toString(), core.getValue());
    }
    body.add("failed_cores", failed);
    return json(well ? 200 : 503, body);
  }

  /** OpenAI's list of models: this one, by all of its names. */
  Route.Content models() {
    JsonArray data = new JsonArray();
    List<String> names = new ArrayList<>(options.modelAliases());
    names.sort(null);
    names.add(0, model.name());
    if (reranker != null) {
      names.add(reranker.modelName());
    }
    names.forEach(name -> data.add(object(name)));
    JsonObject list = new JsonObject();
    list.addProperty("object", "list");
    list.add("data", data);
    return json(200, list);
  }

  /**
   * OpenAI's object of a model.
   *
   * @param encodedName the name as the path contains it
   */
  Route.Content model(String encodedName) {
    String name;
    try {
      name = URLDecoder.decode(encodedName, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw HttpError.invalid("model", "The path is not well encoded.");
    }
    return json(
        200,
        object(reranker != null && reranker.modelName().equals(name) ? name : model.require(name)));
  }

  private JsonObject object(String name) {
    JsonObject object = new JsonObject();
    object.addProperty("id", name);
    object.addProperty("object", "model");
    object.addProperty("created", created);
    object.addProperty("owned_by", "neuron-embed");
    return object;
  }

  /** The fields of text-embeddings-inference's page, and further useful ones. */
  Route.Content info() {
    ModelDirectory directory = model.directory();
    JsonObject pooling = new JsonObject();
    pooling.addProperty("pooling", directory.pooling().toString());
    JsonObject type = new JsonObject();
    type.add("embedding", pooling);
    JsonObject info = new JsonObject();
    info.addProperty("model_id", model.name());
    info.add("model_sha", JsonNull.INSTANCE);
    info.addProperty("model_dtype", "float32");
    info.addProperty("served_model_name", model.name());
    info.add("model_type", type);
    info.addProperty("max_concurrent_requests", options.maxRequests());
    info.addProperty("max_input_length", embedder.maxTokens());
    info.addProperty("max_batch_tokens", (long) options.maxTexts() * embedder.maxTokens());
    info.add("max_batch_requests", JsonNull.INSTANCE);
    info.addProperty("max_client_batch_size", options.maxTexts());
    info.addProperty("auto_truncate", options.truncation() != TruncationPolicy.STRICT);
    info.addProperty("tokenization_workers", EmbeddingServer.WORKERS);
    info.addProperty("version", version);
    info.add("sha", JsonNull.INSTANCE);
    info.add("docker_label", JsonNull.INSTANCE);
    info.addProperty("dimension", embedder.dimension());
    info.addProperty("backend", embedder.backend());
    info.addProperty("emulated", embedder.isEmulated());
    if (reranker != null) {
      JsonObject pairs = new JsonObject();
      pairs.addProperty("model_id", reranker.modelName());
      pairs.addProperty("max_input_length", reranker.maxTokens());
      pairs.addProperty("backend", reranker.backend());
      info.add("reranker", pairs);
    }
    return json(200, info);
  }
}
