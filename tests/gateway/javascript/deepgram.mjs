// The SDK `@deepgram/sdk`.
import assert from "node:assert/strict";
import { DeepgramClient, DeepgramError } from "@deepgram/sdk";
import { GATEWAY, KEY, POOR_KEY, SHORT_KEY, steps, thrown, wav } from "./steps.mjs";

const made = (apiKey) => new DeepgramClient({ apiKey, baseUrl: `${GATEWAY}/deepgram` });
const client = made(KEY);
const SECOND = Buffer.alloc(16_000);
const sound = { model: "nova-3", encoding: "linear16", sample_rate: 8000, channels: 1 };

const listened = async (key, more = {}) => open(await made(key).listen.v1.connect({ ...sound, ...more }));

/** Open a socket. Each message is kept, and `next` waits for one that fits. */
function open(socket) {
  const kept = [];
  const waiting = [];
  const tell = (event) => {
    kept.push(event);
    waiting.splice(0).forEach((look) => look());
  };
  socket.on("message", (message) => tell({ message }));
  socket.on("close", (event) => tell({ closed: event }));
  socket.on("error", (error) => tell({ error }));
  socket.connect();
  const next = async (fits) => {
    for (;;) {
      const found = kept.find(fits);
      if (found) return found;
      await new Promise((resolve) => waiting.push(resolve));
    }
  };
  return { socket, next };
}

await steps({
  async json() {
    const got = await client.listen.v1.media.transcribeFile(wav(2.5), { model: "nova-3" });
    assert.equal(got.metadata.duration, 2.5);
  },
  async speak() {
    const got = await client.speak.v1.audio.generate({
      text: "Xin chào các bạn", model: "aura-2-thalia-en", encoding: "linear16", container: "none",
    });
    assert.equal((await got.arrayBuffer()).byteLength, 320);
  },
  async live() {
    const { socket, next } = await listened(KEY);
    await socket.waitForOpen();
    for (let number = 0; number < 3; number += 1) socket.sendMedia(SECOND);
    await next(({ message }) => message?.type === "Results");
    socket.sendCloseStream({ type: "CloseStream" });
    assert.equal((await next(({ message }) => message?.type === "Metadata")).message.duration, 3);
    await next(({ closed }) => closed);
    socket.close();
  },
  async flux() {
    const { socket, next } = open(await client.listen.v2.connect({
      model: "flux-general-en", encoding: "linear16", sample_rate: 8000,
    }));
    await next(({ message }) => message?.type === "Connected");
    for (let number = 0; number < 2; number += 1) socket.sendMedia(SECOND);
    socket.sendCloseStream({ type: "CloseStream" });
    await next(({ closed }) => closed);
    socket.close();
  },
  async speakLive() {
    const { socket, next } = open(await client.speak.v1.connect({
      model: "aura-2-thalia-en", encoding: "linear16", sample_rate: 8000,
    }));
    await socket.waitForOpen();
    socket.sendText({ type: "Speak", text: "Xin chào" });
    socket.sendFlush({ type: "Flush" });
    await next(({ message }) => message?.type === "Flushed");
    socket.sendClose({ type: "Close" });
    await next(({ closed }) => closed);
    socket.close();
  },
  async agent() {
    const { socket, next } = open(await client.agent.v1.connect({}));
    await next(({ message }) => message?.type === "Welcome");
    socket.sendSettings({
      type: "Settings", audio: { input: { encoding: "linear16", sample_rate: 24_000 } },
      agent: {
        listen: { provider: { type: "deepgram", version: "v1", model: "nova-3" } },
        think: { provider: { type: "open_ai", model: "gpt-4o-mini" }, prompt: "Be brief." },
        speak: { provider: { type: "deepgram", model: "aura-2-thalia-en" } },
      },
    });
    await next(({ message }) => message?.type === "SettingsApplied");
    socket.close();
  },
  async liveLeft() {
    const { socket, next } = await listened(KEY);
    await socket.waitForOpen();
    socket.sendMedia(SECOND);
    await next(({ message }) => message?.type === "Results");
    socket.close();
  },
  async liveLost() {
    const { socket, next } = await listened(KEY, { tag: "LOSE" });
    await socket.waitForOpen();
    socket.sendMedia(SECOND);
    assert.notEqual((await next(({ closed }) => closed)).closed.code, 1000);
    socket.close();
  },
  async liveCut() {
    const { socket, next } = await listened(SHORT_KEY);
    await socket.waitForOpen();
    for (let number = 0; number < 3; number += 1) socket.sendMedia(SECOND);
    const { closed } = await next((event) => event.closed);
    socket.close();
    assert.equal(closed.code, 1008);
    assert.match(closed.reason, /sound of short/);
    assert.equal((await next(({ message }) => message?.type === "Metadata")).message.duration, 2);
  },
  async liveRefused() {
    const { socket, next } = await listened(POOR_KEY);
    const { error } = await next((event) => event.error);
    socket.close();
    assert.match(error.message, /402/);
  },
  async refused() {
    const error = await thrown(() => made(POOR_KEY).listen.v1.media.transcribeFile(wav(1), { model: "nova-3" }));
    assert.ok(error instanceof DeepgramError, String(error));
    assert.equal(error.statusCode, 402);
    assert.match(error.body.err_msg, /calls of poor/);
  },
  async wrongKey() {
    const error = await thrown(() => made("qk_wrong").listen.v1.media.transcribeFile(wav(1), { model: "nova-3" }));
    assert.equal(error.statusCode, 401);
  },
});
