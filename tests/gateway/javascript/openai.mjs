// The SDK `openai`.
import assert from "node:assert/strict";
import OpenAI, { APIError, AuthenticationError } from "openai";
import { DRAIN_KEY, GATEWAY, KEY, POOR_KEY, SHORT_KEY, release, steps, thrown } from "./steps.mjs";

const made = (apiKey) => new OpenAI({ baseURL: `${GATEWAY}/openai/v1`, apiKey });
const client = made(KEY);
const asked = (text) => ({
  model: "gpt-4o-mini", max_tokens: 30, messages: [{ role: "user", content: text }],
});
const streamed = (text) => ({ ...asked(text), stream: true, stream_options: { include_usage: true } });

await steps({
  async json() {
    const got = await client.chat.completions.create(asked("one two three"));
    assert.equal(got.usage.total_tokens, 8);
  },
  async stream() {
    let text = "";
    for await (const chunk of await client.chat.completions.create(streamed("one two"))) {
      text += chunk.choices[0]?.delta?.content ?? "";
    }
    assert.equal(text, "word ".repeat(20));
  },
  async responses() {
    const got = await client.responses.create({ model: "gpt-4o-mini", input: "one two", max_output_tokens: 30 });
    assert.equal(got.output_text, "word ");
  },
  async responsesStream() {
    const kinds = [];
    const stream = await client.responses.create({
      model: "gpt-4o-mini", input: "one two three", max_output_tokens: 30, stream: true,
    });
    for await (const event of stream) kinds.push(event.type);
    assert.equal(kinds.at(-1), "response.completed");
  },
  async embeddings() {
    const got = await client.embeddings.create({ model: "text-embedding-3-small", input: ["one", "two three"] });
    assert.equal(got.data.length, 2);
  },
  async cancelledAndDrained() {
    const stream = await made(DRAIN_KEY).chat.completions.create(streamed("DRAIN one"));
    let seen = 0;
    for await (const _ of stream) if ((seen += 1) === 2) break;
    stream.controller.abort();
    await release();
  },
  async cancelled() {
    const stream = await client.chat.completions.create(streamed("HOLD one"));
    let seen = 0;
    for await (const _ of stream) if ((seen += 1) === 2) break;
  },
  async lost() {
    const error = await thrown(async () => {
      for await (const _ of await client.chat.completions.create(streamed("LOSE one")));
    });
    assert.ok(error instanceof Error, String(error));
  },
  async refused() {
    const error = await thrown(() => made(POOR_KEY).chat.completions.create(asked("one")));
    assert.ok(error instanceof APIError, String(error));
    assert.equal(error.status, 402);
    assert.match(error.message, /calls of poor/);
    assert.equal(error.code, "insufficient_quota");
  },
  async cut() {
    let seen = 0;
    const error = await thrown(async () => {
      for await (const _ of await made(SHORT_KEY).chat.completions.create(streamed("FLOOD one"))) seen += 1;
    });
    assert.ok(error instanceof APIError, String(error));
    assert.match(error.message, /words of short/);
    assert.ok(seen >= 2, `${seen} events before the cut`);
  },
  async wrongKey() {
    const error = await thrown(() => made("qk_wrong").chat.completions.create(asked("one")));
    assert.ok(error instanceof AuthenticationError, String(error));
  },
});
