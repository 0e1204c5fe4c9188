// Node's own `fetch` and `WebSocket`, without any SDK.
import assert from "node:assert/strict";
import { GATEWAY, KEY, POOR_KEY, steps, thrown, wav } from "./steps.mjs";

const LISTEN = "/v1/listen?model=nova-3&encoding=linear16&sample_rate=8000&channels=1";
const LIVE = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent";
const SECOND = new Uint8Array(16_000);
const asked = (content, more = {}) => JSON.stringify({
  model: "gpt-4o-mini", max_tokens: 30, messages: [{ role: "user", content }], ...more,
});

const post = (path, body, headers = {}, more = {}) => fetch(`${GATEWAY}${path}`, {
  method: "POST", body, headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json", ...headers },
  ...more,
});
const streamed = (text) => asked(text, { stream: true, stream_options: { include_usage: true } });

/** Resolve with the next event of a name. */
const next = (socket, name) => new Promise((resolve) => socket.addEventListener(name, resolve, { once: true }));

await steps({
  async json() {
    const got = await post("/openai/v1/chat/completions", asked("one two"));
    assert.equal((await got.json()).usage.total_tokens, 7);
  },
  async stream() {
    const got = await post("/v1/chat/completions", streamed("one two three four"));
    assert.match(await got.text(), /data: \[DONE\]/);
  },
  async keyInTheQuery() {
    const body = JSON.stringify({ contents: [{ parts: [{ text: "one" }] }], generationConfig: { maxOutputTokens: 9 } });
    const url = `${GATEWAY}/v1beta/models/gemini-2.5-flash:generateContent?key=${KEY}`;
    const got = await fetch(url, { method: "POST", body, headers: { "content-type": "application/json" } });
    assert.equal((await got.json()).usageMetadata.totalTokenCount, 6);
  },
  async sound() {
    const got = await post("/v1/listen?model=nova-3", wav(1.5),
      { authorization: `Token ${KEY}`, "content-type": "audio/wav" });
    assert.equal((await got.json()).metadata.duration, 1.5);
  },
  async socketOfBrowsers() {
    const socket = new WebSocket(`${GATEWAY.replace("http", "ws")}${LISTEN}`, ["token", KEY]);
    await next(socket, "open");
    socket.send(SECOND);
    socket.send(JSON.stringify({ type: "CloseStream" }));
    assert.equal((await next(socket, "close")).code, 1000);
  },
  async liveOfBrowsers() {
    const socket = new WebSocket(`${GATEWAY.replace("http", "ws")}/gemini${LIVE}?key=${KEY}`);
    await next(socket, "open");
    socket.send(JSON.stringify({ setup: { model: "models/gemini-2.5-flash-native-audio-preview-09-2025" } }));
    await next(socket, "message");
    const turned = new Promise((resolve) => socket.addEventListener("message", async ({ data }) => {
      if ((await new Response(data).text()).includes("turnComplete")) resolve();
    }));
    socket.send(JSON.stringify({ clientContent: { turns: [{ parts: [{ text: "a" }] }], turnComplete: true } }));
    await turned;
    socket.close(1000);
    await next(socket, "close");
  },
  async cancelled() {
    const abort = new AbortController();
    const body = JSON.stringify({ contents: [{ parts: [{ text: "HOLD two" }] }], generationConfig: { maxOutputTokens: 30 } });
    const got = await post("/gemini/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse", body, {},
      { signal: abort.signal });
    const reader = got.body.getReader();
    let text = "";
    while (text.split("data: ").length < 3) text += new TextDecoder().decode((await reader.read()).value);
    abort.abort();
    assert.equal((await thrown(() => reader.read())).name, "AbortError");
  },
  async refused() {
    const got = await post("/openai/v1/chat/completions", asked("one"), { authorization: `Bearer ${POOR_KEY}` });
    assert.equal(got.status, 402);
    assert.match((await got.json()).error.message, /calls of poor/);
  },
  async socketRefused() {
    const socket = new WebSocket(`${GATEWAY.replace("http", "ws")}${LISTEN}`, ["token", POOR_KEY]);
    const { type } = await Promise.race([next(socket, "error"), next(socket, "open")]);
    assert.equal(type, "error");
  },
});
