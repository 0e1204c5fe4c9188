// The SDK `@google/genai`.
import assert from "node:assert/strict";
import { ApiError, GoogleGenAI } from "@google/genai";
import { DRAIN_KEY, GATEWAY, KEY, LIVE_KEY, POOR_KEY, SHORT_KEY, release, steps, thrown } from "./steps.mjs";

const made = (apiKey) => new GoogleGenAI({ apiKey, httpOptions: { baseUrl: `${GATEWAY}/gemini` } });
const client = made(KEY);
const model = "gemini-2.5-flash";
const asked = (contents, more = {}) => ({
  model, contents, config: { maxOutputTokens: 30, thinkingConfig: { thinkingBudget: 0 }, ...more },
});

/** Open a live session and take one turn. Returns the session, its messages and its end. */
async function talked(key, text) {
  const messages = [];
  let turned;
  let closed;
  const turn = new Promise((resolve) => (turned = resolve));
  const end = new Promise((resolve) => (closed = resolve));
  const session = await made(key).live.connect({
    model: "gemini-2.5-flash-native-audio-preview-09-2025",
    callbacks: {
      onmessage: (message) => {
        messages.push(message);
        if (message.serverContent?.turnComplete) turned();
      },
      onerror: () => {},
      onclose: (event) => closed(event),
    },
  });
  session.sendClientContent({ turns: [{ role: "user", parts: [{ text }] }], turnComplete: true });
  await Promise.race([turn, end]);
  return { session, messages, end };
}

async function cancels(key, text) {
  const abort = new AbortController();
  const stream = await made(key).models.generateContentStream(asked(text, { abortSignal: abort.signal }));
  let seen = 0;
  for await (const _ of stream) if ((seen += 1) === 2) break;
  abort.abort();
}

await steps({
  async json() {
    const got = await client.models.generateContent(asked("one two three"));
    assert.equal(got.usageMetadata.totalTokenCount, 8);
  },
  async stream() {
    let text = "";
    for await (const chunk of await client.models.generateContentStream(asked("one two"))) text += chunk.text;
    assert.equal(text, "word ".repeat(20));
  },
  async countTokens() {
    assert.equal((await client.models.countTokens({ model, contents: "one two" })).totalTokens, 2);
  },
  async upload() {
    const file = new Blob([new Uint8Array(9 * 1024 * 1024)], { type: "audio/wav" });
    const sent = await client.files.upload({ file });
    assert.equal(sent.sizeBytes, String(9 * 1024 * 1024));
    assert.equal((await client.files.get({ name: sent.name })).state, "ACTIVE");
  },
  async live() {
    const { session, messages, end } = await talked(KEY, "one two");
    session.close();
    await end;
    assert.ok(messages.some((each) => each.usageMetadata?.totalTokenCount === 7), JSON.stringify(messages));
  },
  async liveLost() {
    const { end } = await talked(KEY, "LOSE");
    assert.notEqual((await end).code, 1000);
  },
  async liveCut() {
    const { session, end } = await talked(LIVE_KEY, "FLOOD");
    session.sendClientContent({ turns: [{ role: "user", parts: [{ text: "more" }] }], turnComplete: true });
    const { code, reason } = await end;
    assert.equal(code, 1008);
    assert.match(reason, /words of live/);
  },
  async cancelled() {
    await cancels(KEY, "HOLD one");
  },
  async cancelledAndDrained() {
    await cancels(DRAIN_KEY, "DRAIN one");
    await release();
  },
  async lost() {
    const error = await thrown(async () => {
      for await (const _ of await client.models.generateContentStream(asked("LOSE one")));
    });
    assert.ok(error instanceof Error, String(error));
  },
  async refused() {
    const error = await thrown(() => made(POOR_KEY).models.generateContent(asked("one")));
    assert.ok(error instanceof ApiError, String(error));
    assert.equal(error.status, 402);
    const { error: told } = JSON.parse(error.message);
    assert.match(told.message, /calls of poor/);
    assert.equal(told.status, "RESOURCE_EXHAUSTED");
  },
  async liveRefused() {
    const error = await thrown(() => made(POOR_KEY).live.connect({ model, callbacks: { onmessage: () => {} } }));
    assert.match(error.message, /402/);
  },
  async cut() {
    const error = await thrown(async () => {
      for await (const _ of await made(SHORT_KEY).models.generateContentStream(asked("FLOOD one")));
    });
    assert.ok(error instanceof ApiError, String(error));
    assert.match(error.message, /words of short/);
  },
  async wrongKey() {
    const error = await thrown(() => made("qk_wrong").models.generateContent(asked("one")));
    assert.equal(error.status, 401);
  },
});
