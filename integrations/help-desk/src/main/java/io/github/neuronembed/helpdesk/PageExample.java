package io.github.neuronembed.helpdesk;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The example of an integration's page, which is part of a test. */
public final class PageExample {

  private static final String BEGIN = "// example\n";
  private static final String END = "// end\n";

  private PageExample() {}

  /**
   * The part of a test that a page must show: the lines between its comments {@code // example} and
   * {@code // end}, as a block of Markdown.
   *
   * @param test a test of the current module
   */
  public static String of(Class<?> test) throws IOException {
    String source =
        Files.readString(
            Path.of("src/test/java", test.getName().replace('.', '/').concat(".java")));
    String example = source.substring(source.indexOf(BEGIN) + BEGIN.length(), source.indexOf(END));
    return "```java\n" + example.stripTrailing().stripIndent() + "\n```\n";
  }
}
