// The SDK `@deepgram/sdk` 4. It drops the path of the base URL, so its calls reach the gateway's root.
import assert from "node:assert/strict";
import { DeepgramError, LiveTranscriptionEvents, createClient } from "deepgram-sdk-4";
import { GATEWAY, KEY, POOR_KEY, steps, wav } from "./steps.mjs";

const url = `${GATEWAY}/deepgram`;
const made = (key) => createClient({
  key, global: { fetch: { options: { url } }, websocket: { options: { url: url.replace("http", "ws") } } },
});
const client = made(KEY);

await steps({
  async json() {
    const { result, error } = await client.listen.prerecorded.transcribeFile(wav(0.5), { model: "nova-3" });
    assert.equal(error, null);
    assert.equal(result.metadata.duration, 0.5);
  },
  async live() {
    const socket = client.listen.live({ model: "nova-3", encoding: "linear16", sample_rate: 8000, channels: 1 });
    const told = new Promise((resolve) => socket.on(LiveTranscriptionEvents.Metadata, resolve));
    const closed = new Promise((resolve) => socket.on(LiveTranscriptionEvents.Close, resolve));
    await new Promise((resolve) => socket.on(LiveTranscriptionEvents.Open, resolve));
    socket.send(new Uint8Array(16_000 * 2));
    socket.requestClose();
    assert.equal((await told).duration, 2);
    await closed;
  },
  async refused() {
    const { error } = await made(POOR_KEY).listen.prerecorded.transcribeFile(wav(1), { model: "nova-3" });
    assert.ok(error instanceof DeepgramError, String(error));
    assert.match(error.message, /calls of poor/);
  },
});
