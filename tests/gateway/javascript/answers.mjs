// What the provider answers to a request, and what it bills for it.
const WORD = "word ";
const EVENT_TOKENS = 5;
const EVENTS = 4;
const FLOOD_TOKENS = 100;
const LINKED_MILLISECONDS = 1_500; // of a sound that a request names by its address
const uploads = new Map();
let files = 0;

const words = (text) => text.split(/\s+/).filter(Boolean).length;
const used = (asked, told) => ({ input_tokens: asked, output_tokens: told, requests: 1 });
const data = (value) => `data: ${JSON.stringify(value)}\n\n`;
const named = (value) => `event: ${value.type}\n${data(value)}`;

/** The answer to one request; undefined: there is nothing at this path. */
export function answers(request, path, body, origin) {
  const action = path.split("/").at(-1);
  if (path.startsWith("/upload/")) return upload(request, body, origin);
  if (/^\/v1(beta|alpha)?\/files\//.test(path)) return file(path);
  if (path === "/v1/listen") return transcript(request, body);
  const asked = body.length ? JSON.parse(body) : {};
  if (/^\/v1(beta|alpha)?\/models\//.test(path)) return gemini(asked, action);
  if (path === "/v1/chat/completions") return chat(asked);
  if (path === "/v1/responses") return responses(asked);
  if (path === "/v1/embeddings") return embeddings(asked);
  if (path === "/v1/messages") return messages(asked);
  if (path === "/v1/speak") return speech(asked);
  return undefined;
}

// Events of a stream. `make` gets an event's number, the tokens until then, and the event's text. `flood`
// is one event with far more tokens than were asked for.
function streamed(provider, prompt, make, before = [], after = []) {
  const numbers = Array.from({ length: EVENTS }, (_, index) => index + 1);
  const events = numbers.map((number) => make(number, EVENT_TOKENS * number, WORD.repeat(EVENT_TOKENS)));
  const sent = 2 - before.length;
  const flood = make(sent + 1, EVENT_TOKENS * sent + FLOOD_TOKENS, WORD.repeat(FLOOD_TOKENS));
  return { provider, prompt, events: [...before, ...events, ...after], flood };
}

// -- Gemini

function gemini(asked, action) {
  const contents = asked.requests?.map((each) => each.content) ?? asked.contents ?? [];
  const prompt = contents.flatMap((each) => each.parts).map((each) => each.text ?? "").join(" ");
  const given = words(prompt);
  if (action.endsWith(":batchEmbedContents")) {
    const value = { embeddings: contents.map(() => ({ values: [0.5] })), usageMetadata: { promptTokenCount: given } };
    return { provider: "gemini", value, quantities: { input_tokens: given, requests: 1 } };
  }
  const isToCall = asked.tools && !JSON.stringify(contents.at(-1)).includes("functionResponse");
  const part = (text) => (isToCall ? { functionCall: { name: "weather", args: { city: "Huế" } } } : { text });
  const answer = (told, text, isLast) => ({
    candidates: [{ content: { role: "model", parts: [part(text)] }, index: 0, ...(isLast && { finishReason: "STOP" }) }],
    usageMetadata: { promptTokenCount: given, candidatesTokenCount: told, totalTokenCount: given + told },
    modelVersion: "gemini-2.5-flash",
  });
  if (action.endsWith(":countTokens")) {
    return { provider: "gemini", value: { totalTokens: given }, isBilled: false };
  }
  if (action.endsWith(":generateContent")) {
    return { provider: "gemini", value: answer(5, WORD, true), quantities: used(given, 5) };
  }
  return streamed("gemini", prompt, (number, told, text) => [
    `data: ${JSON.stringify(answer(told, text, number === EVENTS))}\r\n\r\n`,
    used(given, told),
  ]);
}

function upload(request, body, origin) {
  const command = request.headers["x-goog-upload-command"];
  if (command === "start") {
    const id = String((files += 1));
    uploads.set(id, []);
    const where = `${origin}/upload/v1beta/files?upload_id=${id}&upload_protocol=resumable`;
    return {
      value: {}, isBilled: false,
      headers: { "x-goog-upload-url": where, "x-goog-upload-status": "active" },
    };
  }
  const id = new URL(request.url, origin).searchParams.get("upload_id");
  uploads.get(id).push(body);
  const isLast = command.includes("finalize");
  return {
    value: isLast ? { file: described(id) } : {}, isBilled: false,
    headers: { "x-goog-upload-status": isLast ? "final" : "active" },
  };
}

function described(id) {
  const sizeBytes = String(uploads.get(id).reduce((sum, part) => sum + part.length, 0));
  return { name: `files/${id}`, uri: `files/${id}`, mimeType: "audio/wav", sizeBytes, state: "ACTIVE" };
}

function file(path) {
  return { value: described(path.split("/").at(-1)), isBilled: false };
}

// -- OpenAI

const openaiUse = (given, told) => ({ prompt_tokens: given, completion_tokens: told, total_tokens: given + told });

function chat(asked) {
  const prompt = asked.messages.map((each) => each.content).join(" ");
  const given = words(prompt);
  const frame = { id: "chatcmpl-1", created: 1_800_000_000, model: asked.model };
  if (!asked.stream) {
    const message = { role: "assistant", content: WORD };
    const choices = [{ index: 0, message, finish_reason: "stop" }];
    const value = { ...frame, object: "chat.completion", choices, usage: openaiUse(given, 5) };
    return { provider: "openai", value, quantities: used(given, 5) };
  }
  const chunk = { ...frame, object: "chat.completion.chunk" };
  const total = EVENTS * EVENT_TOKENS;
  const usage = asked.stream_options?.include_usage
    ? [[data({ ...chunk, choices: [], usage: openaiUse(given, total) }), used(given, total)]] : [];
  const stop = [{ index: 0, delta: {}, finish_reason: "stop" }];
  return streamed("openai", prompt, (_, told, text) => {
    const choices = [{ index: 0, delta: { content: text }, finish_reason: null }];
    return [data({ ...chunk, choices }), used(given, told)];
  }, [], [[data({ ...chunk, choices: stop }), used(given, total)], ...usage, ["data: [DONE]\n\n", used(given, total)]]);
}

function responses(asked) {
  const given = words(asked.input);
  const whole = (told, status) => ({
    id: "resp_1", object: "response", created_at: 1_800_000_000, status, model: asked.model,
    output: [{ type: "message", id: "msg_1", status, role: "assistant",
      content: [{ type: "output_text", text: WORD, annotations: [] }] }],
    usage: status === "completed"
      ? { input_tokens: given, output_tokens: told, total_tokens: given + told,
        input_tokens_details: { cached_tokens: 0 }, output_tokens_details: { reasoning_tokens: 0 } }
      : null,
  });
  const total = EVENTS * EVENT_TOKENS;
  if (!asked.stream) {
    return { provider: "openai", value: whole(total, "completed"), quantities: used(given, total) };
  }
  const begun = named({ type: "response.created", sequence_number: 0, response: whole(0, "in_progress") });
  const done = named({ type: "response.completed", sequence_number: 9, response: whole(total, "completed") });
  return streamed("openai", asked.input, (number, told, text) => [
    named({ type: "response.output_text.delta", sequence_number: number, item_id: "msg_1", output_index: 0,
      content_index: 0, delta: text }),
    used(given, told),
  ], [[begun, used(given, 0)]], [[done, used(given, total)]]);
}

function embeddings(asked) {
  const texts = [asked.input].flat();
  const given = texts.reduce((sum, text) => sum + words(text), 0);
  const rows = texts.map((_, index) => ({ object: "embedding", index, embedding: "AACAPwAAAAA=" }));
  const value = { object: "list", data: rows, model: asked.model, usage: { prompt_tokens: given, total_tokens: given } };
  return { provider: "openai", value, quantities: { input_tokens: given, requests: 1 } };
}

// -- Anthropic

function messages(asked) {
  const prompt = asked.messages.map((each) => each.content).join(" ");
  const given = words(prompt);
  const frame = { id: "msg_1", type: "message", role: "assistant", model: asked.model };
  const use = (told) => ({ input_tokens: given, output_tokens: told });
  if (!asked.stream) {
    const content = [{ type: "text", text: WORD }];
    const value = { ...frame, content, stop_reason: "end_turn", stop_sequence: null, usage: use(5) };
    return { provider: "anthropic", value, quantities: used(given, 5) };
  }
  const total = EVENTS * EVENT_TOKENS;
  const begun = { ...frame, content: [], stop_reason: null, stop_sequence: null, usage: use(1) };
  const ending = { type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null },
    usage: { output_tokens: total } };
  return streamed("anthropic", prompt, (_, told, text) => [
    named({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } }),
    used(given, told),
  ], [[named({ type: "message_start", message: begun })
      + named({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } }), used(given, 1)]],
  [[named({ type: "content_block_stop", index: 0 }) + named(ending), used(given, total)],
    [named({ type: "message_stop" }), used(given, total)]]);
}

// -- Deepgram

function transcript(request, body) {
  const isLinked = request.headers["content-type"] === "application/json";
  const milliseconds = isLinked ? LINKED_MILLISECONDS : wavMilliseconds(body);
  const metadata = { request_id: "r", duration: milliseconds / 1000, channels: 1, models: ["m"] };
  const alternatives = [{ transcript: "word", confidence: 1, words: [] }];
  const value = { metadata, results: { channels: [{ alternatives }] } };
  return { provider: "deepgram", value, quantities: { audio_milliseconds: milliseconds, requests: 1 } };
}

// Of a WAV file with the usual head of 44 bytes.
function wavMilliseconds(body) {
  return Math.round((body.readUInt32LE(40) * 1000) / body.readUInt32LE(28));
}

function speech(asked) {
  const characters = [...asked.text].length;
  const headers = { "content-type": "audio/l16", "dg-char-count": String(characters) };
  return { provider: "deepgram", bytes: Buffer.alloc(320), headers, quantities: { characters, requests: 1 } };
}
