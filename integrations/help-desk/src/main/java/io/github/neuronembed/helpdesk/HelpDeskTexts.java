package io.github.neuronembed.helpdesk;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;

/** Passages of a help desk, and questions that the passages answer. */
public final class HelpDeskTexts {

  private HelpDeskTexts() {}

  /**
   * A question with a known answer.
   *
   * @param text the question
   * @param answer the beginning of the passage that answers it
   */
  public record Question(String text, String answer) {}

  /** The passages, in their order. */
  public static List<String> passages() {
    return lines("passages.txt");
  }

  /** The questions, in their order. */
  public static List<Question> questions() {
    return lines("questions.txt").stream()
        .map(line -> line.split("\t", -1))
        .map(columns -> new Question(columns[0], columns[1]))
        .toList();
  }

  private static List<String> lines(String resource) {
    try (InputStream in = HelpDeskTexts.class.getResourceAsStream(resource)) {
      String text =
          new String(Objects.requireNonNull(in, resource).readAllBytes(), StandardCharsets.UTF_8);
      return text.lines().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
