#!/usr/bin/env bash
# Spring AI's TokenTextSplitter cuts between tokens, and a token of its encoding may be a part of a Chinese character: the
# character at such a cut is replaced by U+FFFD on both sides. What is embedded, stored and shown is not the document's text.
work=$(mktemp -d)
. "$(dirname "$0")/java-program"
artifacts org.springframework.ai:spring-ai-commons:2.0.1
cat >"$work/Chinese.java" <<'JAVA'
import java.util.List;
import org.springframework.ai.document.Document;
import org.springframework.ai.transformer.splitter.TokenTextSplitter;

public class Chinese {
  public static void main(String[] args) {
    // "A vector database stores the meaning of texts as numbers."
    String text = "\u5411\u91cf\u6570\u636e\u5e93\u628a\u6587\u672c\u7684\u542b\u4e49\u5b58\u50a8\u4e3a\u6570\u5b57\u3002".repeat(50);
    List<Document> chunks =
        TokenTextSplitter.builder().withChunkSize(100).build().apply(List.of(new Document(text)));
    long broken = chunks.stream().filter(chunk -> chunk.getText().indexOf('\ufffd') >= 0).count();
    System.out.println(chunks.size() + " chunks, " + broken + " of them with U+FFFD, which the text has not");
    System.exit(broken > 0 ? 0 : 1);
  }
}
JAVA
java_program Chinese || exit 1
