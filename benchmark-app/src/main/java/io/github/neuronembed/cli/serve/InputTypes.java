package io.github.neuronembed.cli.serve;

import io.github.neuronembed.InputType;

/** The words by which a request says what its texts are. */
final class InputTypes {

  private InputTypes() {}

  /**
   * The type of a word.
   *
   * @param where the field or header, for people
   * @throws HttpError if it is none
   */
  static InputType of(String word, String where) {
    return switch (word) {
      case "query" -> InputType.QUERY;
      case "passage", "document" -> InputType.PASSAGE;
      default ->
          throw HttpError.invalid(
              where, "'%s' is neither query nor passage nor document.".formatted(where));
    };
  }
}
