// Tests clients of OpenAI and of text-embeddings-inference with their default settings against a running server; see README.md.
import assert from 'node:assert/strict';
import { createOpenAI } from '@ai-sdk/openai';
import { InferenceClient } from '@huggingface/inference';
import { OpenAIEmbeddings } from '@langchain/openai';
import { embedMany } from 'ai';
import OpenAI from 'openai';

const url = process.env.NEURON_EMBED_URL ?? 'http://127.0.0.1:8080';
const apiKey = process.env.NEURON_EMBED_TOKEN ?? 'none';
const model = 'bge-small-en-v1.5';
const texts = ['how tides work', 'x', 'the moon pulls the sea', 'let the dough rest'];

// The expected vectors: one text per request, without a client library.
const right = [];
for (const text of texts) {
  const response = await fetch(`${url}/v1/embeddings`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${apiKey}` },
    body: JSON.stringify({ input: text }),
  });
  right.push((await response.json()).data[0].embedding);
}

function cosine(a, b) {
  let dot = 0, aa = 0, bb = 0;
  for (let i = 0; i < b.length; i++) {
    dot += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
  }
  return dot / Math.sqrt(aa * bb);
}

function assertRight(vectors) {
  assert.equal(vectors.length, texts.length);
  vectors.forEach((vector, i) => {
    assert.equal(vector.length, right[i].length);
    assert.ok(cosine(vector, right[i]) >= 0.99999, `text ${i}`);
  });
}

const openai = (baseURL) => new OpenAI({ baseURL, apiKey });

const checks = {
  async openai() {
    const { data, usage } = await openai(`${url}/v1`).embeddings.create({ model, input: texts });
    assertRight(data.map((one) => one.embedding));
    assert.ok(usage.prompt_tokens > 0);
  },
  async 'openai, base URL without /v1'() {
    const { data } = await openai(url).embeddings.create({ model, input: texts });
    assertRight(data.map((one) => one.embedding));
  },
  async 'openai: errors are its own'() {
    await assert.rejects(
      openai(`${url}/v1`).embeddings.create({ model, input: 'a', dimensions: 64 }),
      (e) => e instanceof OpenAI.BadRequestError && e.param === 'dimensions');
    await assert.rejects(
      openai(`${url}/v1`).embeddings.create({ model: 'text-embedding-3-small', input: 'a' }),
      (e) => e instanceof OpenAI.NotFoundError && e.code === 'model_not_found');
  },
  async '@langchain/openai'() {
    const embeddings = new OpenAIEmbeddings({ model, apiKey, configuration: { baseURL: `${url}/v1` } });
    assertRight(await embeddings.embedDocuments(texts));
    assertRight([await embeddings.embedQuery(texts[0]), ...right.slice(1)]);
  },
  async 'ai with @ai-sdk/openai'() {
    const provider = createOpenAI({ baseURL: `${url}/v1`, apiKey });
    const { embeddings } = await embedMany({ model: provider.textEmbeddingModel(model), values: texts });
    assertRight(embeddings);
  },
  async '@huggingface/inference'() {
    const client = new InferenceClient(apiKey, { endpointUrl: url });
    assertRight(await client.featureExtraction({ inputs: texts }));
  },
};

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
    console.log(`ok      ${name}`);
  } catch (e) {
    failed++;
    console.log(`FAILED  ${name}: ${e.stack}`);
  }
}
console.log(`${Object.keys(checks).length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
