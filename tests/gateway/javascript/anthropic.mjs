// The SDK `@anthropic-ai/sdk`.
import assert from "node:assert/strict";
import Anthropic, { APIError, AuthenticationError } from "@anthropic-ai/sdk";
import { DRAIN_KEY, GATEWAY, KEY, POOR_KEY, SHORT_KEY, release, steps, thrown } from "./steps.mjs";

const made = (apiKey) => new Anthropic({ baseURL: `${GATEWAY}/anthropic`, apiKey });
const client = made(KEY);
const asked = (text) => ({
  model: "claude-haiku-4-5", max_tokens: 30, messages: [{ role: "user", content: text }],
});

await steps({
  async json() {
    const got = await client.messages.create(asked("one two three"));
    assert.equal(got.usage.input_tokens, 3);
  },
  async stream() {
    const message = await client.messages.stream(asked("one two")).finalMessage();
    assert.equal(message.content[0].text, "word ".repeat(20));
    assert.equal(message.usage.output_tokens, 20);
  },
  async cancelledAndDrained() {
    const stream = await made(DRAIN_KEY).messages.create({ ...asked("DRAIN one"), stream: true });
    for await (const event of stream) if (event.type === "content_block_delta") break;
    stream.controller.abort();
    await release();
  },
  async cancelled() {
    const stream = await client.messages.create({ ...asked("HOLD one"), stream: true });
    for await (const event of stream) if (event.type === "content_block_delta") break;
  },
  async lost() {
    const error = await thrown(() => client.messages.stream(asked("LOSE one")).finalMessage());
    assert.ok(error instanceof Error, String(error));
  },
  async refused() {
    const error = await thrown(() => made(POOR_KEY).messages.create(asked("one")));
    assert.ok(error instanceof APIError, String(error));
    assert.equal(error.status, 402);
    assert.equal(error.error.type, "error");
    assert.match(error.message, /calls of poor/);
  },
  async cut() {
    const error = await thrown(() => made(SHORT_KEY).messages.stream(asked("FLOOD one")).finalMessage());
    assert.ok(error instanceof APIError, String(error));
    assert.match(error.message, /words of short/);
  },
  async wrongKey() {
    const error = await thrown(() => made("qk_wrong").messages.create(asked("one")));
    assert.ok(error instanceof AuthenticationError, String(error));
  },
});
