package io.github.neuronembed.cli.serve;

import io.github.neuronembed.InputType;

/** The names by which a request states the type of its texts. */
final class InputTypes {

  private InputTypes() {}

  /**
   * The type with a name.
   *
   * @param where the field or header, for the message
   * @throws HttpError if there is no such type
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
