package io.github.neuronembed.model;

import io.github.neuronembed.ModelLoadException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Explicit facts about a model, which replace those of its directory or add missing ones. Null
 * means not set: the directory decides. Immutable.
 *
 * <p>Set them in code, or permanently in a file {@value #FILE} in the model directory: a JSON
 * object whose members have the names of this record's components, each of them optional, for
 * example {@code {"queryPrefix": "query: ", "pooling": "cls"}}; several poolings, whose vectors are
 * concatenated, are an array. Values in code have precedence.
 *
 * @param pooling how token vectors become the text's vector
 * @param normalize whether a vector is scaled to length 1 (L2)
 * @param queryPrefix the prefix of a query, including a trailing space; empty for none
 * @param passagePrefix the prefix of a passage; empty for none. If neither this nor the directory
 *     states it, but {@code queryPrefix} is set, a passage has no prefix
 * @param maxTokens the maximum number of tokens of a text, including special tokens; not more than
 *     the model's number of positions
 * @param name the model's name
 * @param matryoshkaDimensions the dimensions below the model's own that its vectors may be
 *     shortened to, as its card lists them (see {@link io.github.neuronembed.vectors.Matryoshka});
 *     empty for none
 */
public record ModelOverrides(
    @Nullable Pooling pooling,
    @Nullable Boolean normalize,
    @Nullable String queryPrefix,
    @Nullable String passagePrefix,
    @Nullable Integer maxTokens,
    @Nullable String name,
    @Nullable List<Integer> matryoshkaDimensions) {

  /** No overrides. */
  public static final ModelOverrides NONE =
      new ModelOverrides(null, null, null, null, null, null, null);

  /** The file in a model directory with overrides. */
  public static final String FILE = "neuron-embed.json";

  private static final Set<String> MEMBERS =
      Set.of(
          "pooling",
          "normalize",
          "queryPrefix",
          "passagePrefix",
          "maxTokens",
          "name",
          "matryoshkaDimensions");

  /**
   * @throws IllegalArgumentException if {@code maxTokens} is not positive, or {@code name} is blank
   */
  public ModelOverrides {
    if (maxTokens != null && maxTokens < 1) {
      throw new IllegalArgumentException(
          "The maximum number of tokens of a text must be positive, not %s.".formatted(maxTokens));
    }
    if (name != null && name.isBlank()) {
      throw new IllegalArgumentException("A model's name must not be blank.");
    }
    matryoshkaDimensions = matryoshkaDimensions == null ? null : List.copyOf(matryoshkaDimensions);
  }

  /**
   * Reads the overrides that a model directory has in its file {@value #FILE}.
   *
   * @return {@link #NONE} if it has no such file
   * @throws ModelLoadException if the file is not such an object; a misspelt member would otherwise
   *     go unnoticed
   */
  public static ModelOverrides read(Path folder) {
    Path file = folder.resolve(FILE);
    if (!Files.exists(file)) {
      return NONE;
    }
    JsonValue json = ModelDirectory.config(file);
    for (String key : json.keys()) {
      if (!MEMBERS.contains(key)) {
        throw new ModelLoadException(
            "%s has a member \"%s\", which is unknown: it may have %s."
                .formatted(file, key, MEMBERS.stream().sorted().toList()));
      }
    }
    return new ModelOverrides(
        json.get("pooling").map(ModelOverrides::pooling).orElse(null),
        json.get("normalize").map(JsonValue::bool).orElse(null),
        json.get("queryPrefix").map(JsonValue::string).orElse(null),
        json.get("passagePrefix").map(JsonValue::string).orElse(null),
        json.get("maxTokens").map(JsonValue::positive).orElse(null),
        json.get("name").map(ModelOverrides::name).orElse(null),
        json.get("matryoshkaDimensions").map(ModelOverrides::dimensions).orElse(null));
  }

  private static Pooling pooling(JsonValue value) {
    return new Pooling(PoolingConfig.strategies(value));
  }

  private static String name(JsonValue value) {
    if (value.string().isBlank()) {
      throw value.wrong("a name");
    }
    return value.string();
  }

  private static List<Integer> dimensions(JsonValue value) {
    return value.elements().stream().map(JsonValue::positive).toList();
  }

  /** These, with the values of others where these have none. */
  public ModelOverrides or(ModelOverrides others) {
    return new ModelOverrides(
        pooling != null ? pooling : others.pooling,
        normalize != null ? normalize : others.normalize,
        queryPrefix != null ? queryPrefix : others.queryPrefix,
        passagePrefix != null ? passagePrefix : others.passagePrefix,
        maxTokens != null ? maxTokens : others.maxTokens,
        name != null ? name : others.name,
        matryoshkaDimensions != null ? matryoshkaDimensions : others.matryoshkaDimensions);
  }

  /** These, with another pooling. */
  public ModelOverrides withPooling(PoolingStrategy strategy) {
    return withPooling(Pooling.of(strategy));
  }

  /** These, with another pooling. */
  public ModelOverrides withPooling(Pooling replacement) {
    return new ModelOverrides(
        Objects.requireNonNull(replacement, "replacement"),
        normalize,
        queryPrefix,
        passagePrefix,
        maxTokens,
        name,
        matryoshkaDimensions);
  }

  /** These, with another setting of whether a vector is scaled to length 1 (L2). */
  public ModelOverrides withNormalize(boolean value) {
    return new ModelOverrides(
        pooling, value, queryPrefix, passagePrefix, maxTokens, name, matryoshkaDimensions);
  }

  /** These, with another prefix of a query; empty for none. */
  public ModelOverrides withQueryPrefix(String prefix) {
    return new ModelOverrides(
        pooling,
        normalize,
        Objects.requireNonNull(prefix, "prefix"),
        passagePrefix,
        maxTokens,
        name,
        matryoshkaDimensions);
  }

  /** These, with another prefix of a passage; empty for none. */
  public ModelOverrides withPassagePrefix(String prefix) {
    return new ModelOverrides(
        pooling,
        normalize,
        queryPrefix,
        Objects.requireNonNull(prefix, "prefix"),
        maxTokens,
        name,
        matryoshkaDimensions);
  }

  /**
   * These, with another maximum number of tokens of a text, including special tokens.
   *
   * @throws IllegalArgumentException if {@code tokens} is not positive
   */
  public ModelOverrides withMaxTokens(int tokens) {
    return new ModelOverrides(
        pooling, normalize, queryPrefix, passagePrefix, tokens, name, matryoshkaDimensions);
  }

  /**
   * These, with another name of the model.
   *
   * @throws IllegalArgumentException if {@code value} is blank
   */
  public ModelOverrides withName(String value) {
    return new ModelOverrides(
        pooling,
        normalize,
        queryPrefix,
        passagePrefix,
        maxTokens,
        Objects.requireNonNull(value, "value"),
        matryoshkaDimensions);
  }

  /** These, with other dimensions that vectors may be shortened to; none for an empty list. */
  public ModelOverrides withMatryoshkaDimensions(List<Integer> dimensions) {
    return new ModelOverrides(
        pooling, normalize, queryPrefix, passagePrefix, maxTokens, name, dimensions);
  }
}
