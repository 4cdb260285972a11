#!/usr/bin/env bash
# DJL's tokenizer cuts a text at 512 tokens where nothing states a limit: the tokenizer.json has "truncation": null, and the
# tokenizer_config.json beside it says 8192. maxLength=4000 changes nothing (a line in the log says so); modelMaxLength has to
# be given as well. A model for long texts, such as bge-m3, then gets the first 512 tokens of each.
work=$(mktemp -d)
. "$(dirname "$0")/java-program"
artifacts ai.djl.huggingface:tokenizers:0.38.0
cat >"$work/Limit.java" <<'JAVA'
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

public class Limit {
  public static void main(String[] args) throws Exception {
    Path folder = Files.createDirectories(Path.of(args[0], "model"));
    Files.writeString(
        folder.resolve("tokenizer.json"),
        """
        {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
         "pre_tokenizer": {"type": "Whitespace"}, "post_processor": null, "decoder": null,
         "model": {"type": "WordLevel", "vocab": {"[UNK]": 0, "tide": 1}, "unk_token": "[UNK]"}}
        """);
    Files.writeString(folder.resolve("tokenizer_config.json"), "{\"model_max_length\": 8192}");
    String text = "tide ".repeat(2000);
    int[] seen = new int[4];
    int i = 0;
    for (Map<String, String> options :
        List.<Map<String, String>>of(
            Map.of(),
            Map.of("maxLength", "4000"),
            Map.of("maxLength", "4000", "modelMaxLength", "8192"),
            Map.of("truncation", "false"))) {
      try (var tokenizer = HuggingFaceTokenizer.newInstance(folder, options)) {
        seen[i] = tokenizer.encode(text).getIds().length;
        System.out.println("2000 words with the options " + options + ": " + seen[i++] + " ids");
      }
    }
    System.exit(seen[0] == 512 && seen[1] == 512 && seen[2] == 2000 && seen[3] == 2000 ? 0 : 1);
  }
}
JAVA
export ENGINE_CACHE_DIR=$work/cache DJL_OFFLINE=true OPT_OUT_TRACKING=true
java_program Limit "$work" || exit 1
