// OpenAI's client for Node.js against a running server; see README.md.
import assert from 'node:assert/strict';
import OpenAI from 'openai';

const baseURL = process.env.NEURON_EMBED_URL ?? 'http://127.0.0.1:8080/v1';
const apiKey = process.env.NEURON_EMBED_TOKEN ?? 'none';
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const model = 'bge-small-en-v1.5';

function cosine(a, b) {
  let dot = 0, aa = 0, bb = 0;
  for (let i = 0; i < a.length; i++) {
    dot += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
  }
  return dot / Math.sqrt(aa * bb);
}

const checks = {
  async 'a text, in the client\'s own format (base64)'() {
    const { data, usage } = await client.embeddings.create({ model, input: 'how tides work' });
    assert.equal(data[0].embedding.length, 384);
    assert.equal(usage.prompt_tokens, 5);
  },
  async 'both formats give the same vectors'() {
    const input = ['how tides work', 'x'];
    const base64 = await client.embeddings.create({ model, input });
    const float = await client.embeddings.create({ model, input, encoding_format: 'float' });
    for (const i of [0, 1]) {
      assert.equal(float.data[i].index, i);
      assert.ok(cosine(base64.data[i].embedding, float.data[i].embedding) >= 0.99999);
    }
  },
  async 'token ids are those of the text'() {
    const text = await client.embeddings.create({ model, input: 'how tides work' });
    const ids = await client.embeddings.create({ model, input: [2129, 22487, 2147] });
    assert.ok(cosine(text.data[0].embedding, ids.data[0].embedding) >= 0.99999);
  },
  async 'a length that is not the model\'s is refused'() {
    await assert.rejects(
      client.embeddings.create({ model, input: 'a', dimensions: 64 }),
      (e) => e instanceof OpenAI.BadRequestError && e.param === 'dimensions');
  },
  async 'another model is not found'() {
    await assert.rejects(
      client.embeddings.create({ model: 'text-embedding-3-small', input: 'a' }),
      (e) => e instanceof OpenAI.NotFoundError && e.code === 'model_not_found');
  },
  async 'models are listed'() {
    const { data } = await client.models.list();
    assert.ok(data.some((m) => m.id === model));
  },
};

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
    console.log(`ok      ${name}`);
  } catch (e) {
    failed++;
    console.log(`FAILED  ${name}: ${e.message}`);
  }
}
console.log(`${Object.keys(checks).length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
