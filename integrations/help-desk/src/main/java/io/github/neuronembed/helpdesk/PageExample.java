package io.github.neuronembed.helpdesk;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The example of an integration's page, which is a part of a test that runs. */
public final class PageExample {

  private static final String BEGIN = "// example\n";
  private static final String END = "// end\n";

  private PageExample() {}

  /**
   * What a page has to show of a test: the lines between its comments {@code // example} and {@code
   * // end}, as a block of Markdown.
   *
   * @param test one of the module that this runs in
   */
  public static String of(Class<?> test) throws IOException {
    String source =
        Files.readString(
            Path.of("src/test/java", test.getName().replace('.', '/').concat(".java")));
    String example = source.substring(source.indexOf(BEGIN) + BEGIN.length(), source.indexOf(END));
    return "```java\n" + example.stripTrailing().stripIndent() + "\n```\n";
  }
}
