#!/usr/bin/env bash
# Spring AI's TokenTextSplitter, as it is without settings, makes no chunk at all of a document of five characters or fewer:
# "Yes.", a product number, a word of Chinese. Such a document is never embedded, and nothing says so.
work=$(mktemp -d)
. "$(dirname "$0")/java-program"
artifacts org.springframework.ai:spring-ai-commons:2.0.1
cat >"$work/Short.java" <<'JAVA'
import java.util.List;
import org.springframework.ai.document.Document;
import org.springframework.ai.transformer.splitter.TokenTextSplitter;

public class Short {
  public static void main(String[] args) {
    boolean lost = true;
    for (String text : List.of("Yes.", "A-113", "A-1138")) {
      List<Document> chunks = TokenTextSplitter.builder().build().apply(List.of(new Document(text)));
      System.out.println("\"" + text + "\": " + chunks.size() + " chunks");
      lost &= chunks.isEmpty() == text.length() <= 5;
    }
    System.exit(lost ? 0 : 1);
  }
}
JAVA
java_program Short || exit 1
