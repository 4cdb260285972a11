package io.github.neuronembed.cli.serve;

import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.vectors.Int8Ranges;
import io.github.neuronembed.vectors.VectorEncoder;
import io.github.neuronembed.vectors.VectorType;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The model as clients name it.
 *
 * @param directory the served model
 * @param aliases other names that requests may use for it
 * @param ranges of the elements of int8 vectors; null if the server gives no int8 vectors
 */
record ServedModel(ModelDirectory directory, Set<String> aliases, @Nullable Int8Ranges ranges) {

  String name() {
    return directory.name();
  }

  /**
   * Checks the name that a request gives: the model's own, with or without an organisation before
   * it, or an alias.
   *
   * @param asked the name in the request; null if it gives none
   * @return the name for the answer: the one of the request
   * @throws HttpError if it is another model's: its vectors would be silently wrong
   */
  String require(@Nullable String asked) {
    return require(asked, name(), aliases);
  }

  /** The same check for a model of any kind. */
  static String require(@Nullable String asked, String name, Set<String> aliases) {
    if (asked == null) {
      return name;
    }
    if (aliases.contains(asked) || asked.substring(asked.lastIndexOf('/') + 1).equals(name)) {
      return asked;
    }
    throw new HttpError(
            HttpError.Kind.NOT_FOUND,
            "This server has the model %s, not the requested one. --model-alias gives it another"
                    .formatted(name)
                + " name.")
        .withCode("model_not_found");
  }

  /**
   * Checks token ids.
   *
   * @param index of the input, for the message
   * @throws HttpError if one of them is not in the model's vocabulary
   */
  void requireIds(int index, int[] tokenIds) {
    for (int id : tokenIds) {
      if (id < 0 || id >= directory.vocabularySize()) {
        throw HttpError.invalid(
            null,
            "Input %s has the token id %s, the model's are below %s: send ids of the model's own tokenizer, or texts."
                .formatted(index, id, directory.vocabularySize()));
      }
    }
  }

  /**
   * The encoder that makes the bytes of vectors.
   *
   * @param dimension of the vectors
   * @throws HttpError if the type needs ranges, and there are none for that dimension
   */
  VectorEncoder encoder(VectorType type, int dimension) {
    if (type != VectorType.INT8) {
      return VectorEncoder.of(type);
    }
    if (ranges == null) {
      throw HttpError.invalid(
          "output_dtype",
          "int8 vectors need the range of each element, and this server has none: start it with"
              + " --ranges FILE, which 'embed --write-ranges FILE' writes, or ask for binary.");
    }
    if (ranges.dimension() != dimension) {
      throw HttpError.invalid(
          "output_dtype",
          ("int8 vectors are available with %s dimensions, for which this server has"
                  + " ranges, not with %s.")
              .formatted(ranges.dimension(), dimension));
    }
    return VectorEncoder.int8(ranges);
  }

  /**
   * The form of the vectors that a request asks for.
   *
   * @param dimensions their length; 0 for the model's own length
   * @throws HttpError if the model was not trained for that length
   */
  VectorForm form(int dimensions) {
    int whole = directory.dimension();
    if (dimensions == 0) {
      return new VectorForm(whole, whole, directory.normalize());
    }
    try {
      directory.matryoshka().require(dimensions, name());
    } catch (IllegalArgumentException e) {
      throw HttpError.invalid("dimensions", String.valueOf(e.getMessage()));
    }
    return new VectorForm(whole, dimensions, directory.normalize());
  }
}
