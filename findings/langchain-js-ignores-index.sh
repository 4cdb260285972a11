#!/usr/bin/env bash
# LangChain.js uses the vectors of an OpenAI answer in the order of the array and ignores each one's index, as
# LangChain4j does (langchain4j-ignores-index.sh), although OpenAI's own client, which it uses, passes the index. With
# a server that answers in another order, every text silently gets the vector of another text.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @langchain/core@1.4.0 @langchain/openai@1.6.0
cat >index.mjs <<'JS'
import http from "node:http";
import { OpenAIEmbeddings } from "@langchain/openai";

const answer = JSON.stringify({
  object: "list",
  model: "any",
  data: [
    { object: "embedding", index: 1, embedding: [0, 1] },
    { object: "embedding", index: 0, embedding: [1, 0] },
  ],
  usage: { prompt_tokens: 2, total_tokens: 2 },
});
const server = http.createServer((request, response) => {
  request.resume();
  response.setHeader("Content-Type", "application/json");
  response.end(answer);
});
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const baseURL = `http://127.0.0.1:${server.address().port}/v1`;
const langchain = await new OpenAIEmbeddings({
  apiKey: "none", model: "any", encodingFormat: "float", configuration: { baseURL },
}).embedDocuments(["zero", "one"]);
server.close();
console.log("the server says that text 0 has [1,0]");
console.log(`LangChain.js has ${JSON.stringify(langchain[0])}`);
if (langchain[0][0] !== 0 || langchain[0][1] !== 1) throw new Error("LangChain.js heeds the index");
JS
npm ls --depth=0 2>/dev/null | tail -n +2
node index.mjs || {
  echo "The behaviour has changed." >&2
  exit 1
}
