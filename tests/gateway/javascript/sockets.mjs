// The provider's WebSockets: Deepgram's, and Gemini Live. Each session is one line of the bill.
import { WebSocketServer } from "ws";

const LIVE = /^\/ws\/google\.ai\.generativelanguage\.v1(beta|alpha)?\.GenerativeService\.BidiGenerateContent$/;
const CONVERSES = new Map([
  ["/v1/listen", listen], ["/v2/listen", flux], ["/v1/speak", speak], ["/v1/agent/converse", agent],
]);
const BYTES_A_MILLISECOND = 16; // 8 kHz, 16 bits

export function openSockets(server, bill, opened, ended) {
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  server.on("upgrade", (request, connection, head) => {
    const { pathname, searchParams } = new URL(request.url, "http://localhost");
    const converse = LIVE.test(pathname) ? live : CONVERSES.get(pathname);
    if (!converse) {
      connection.end("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
      return;
    }
    opened();
    sockets.handleUpgrade(request, connection, head, (socket) => {
      socket.on("error", () => {});
      const line = { provider: "", quantities: { requests: 1 }, how: "whole" };
      bill.push(line);
      converse(socket, line, searchParams);
      socket.on("close", ended); // the last, so that the line is whole
    });
  });
}

function listen(socket, line, parameters) {
  line.provider = "deepgram";
  line.how = parameters.get("tag") ?? "whole";
  let milliseconds = 0;
  socket.on("message", (message, isBinary) => {
    if (isBinary) {
      milliseconds += message.length / BYTES_A_MILLISECOND;
      line.quantities = { audio_milliseconds: milliseconds, requests: 1 };
      if (line.how === "LOSE") {
        socket.terminate();
        return;
      }
      const alternatives = [{ transcript: "word", confidence: 1, words: [] }];
      socket.send(JSON.stringify({
        type: "Results", channel_index: [0, 1], duration: 1, start: milliseconds / 1000 - 1, is_final: true,
        channel: { alternatives },
      }));
    } else if (JSON.parse(message).type === "CloseStream") {
      socket.send(JSON.stringify({
        type: "Metadata", duration: milliseconds / 1000, channels: 1, request_id: "r", created: "", sha256: "",
        transaction_key: "",
      }));
      socket.close(1000);
    }
  });
}

function flux(socket, line) {
  line.provider = "deepgram";
  let milliseconds = 0;
  socket.send(JSON.stringify({ type: "Connected", request_id: "r", sequence_id: 0 }));
  socket.on("message", (message, isBinary) => {
    if (isBinary) {
      milliseconds += message.length / BYTES_A_MILLISECOND;
      line.quantities = { audio_milliseconds: milliseconds, requests: 1 };
    } else if (JSON.parse(message).type === "CloseStream") {
      socket.close(1000);
    }
  });
}

function speak(socket, line) {
  line.provider = "deepgram";
  let characters = 0;
  socket.on("message", (message) => {
    const { type, text } = JSON.parse(message);
    if (type === "Speak") characters += [...text].length;
    if (characters) line.quantities = { characters, requests: 1 };
    if (type === "Flush") {
      socket.send(Buffer.alloc(320));
      socket.send(JSON.stringify({ type: "Flushed", sequence_id: 0 }));
    }
    if (type === "Close") socket.close(1000);
  });
}

// An agent is billed by the time that its socket is open.
function agent(socket, line) {
  line.provider = "deepgram";
  line.how = "TIMED";
  const begun = performance.now();
  socket.send(JSON.stringify({ type: "Welcome", request_id: "r" }));
  socket.on("message", (message, isBinary) => {
    if (!isBinary && JSON.parse(message).type === "Settings") {
      socket.send(JSON.stringify({ type: "SettingsApplied" }));
    }
  });
  socket.on("close", () => {
    line.quantities = { session_milliseconds: Math.round(performance.now() - begun), requests: 1 };
  });
}

function live(socket, line) {
  line.provider = "gemini";
  const given = 4;
  socket.on("message", (message) => {
    const asked = JSON.parse(message);
    const told = JSON.stringify(asked).includes("FLOOD") ? 100 : 3; // far more than a limit allows
    if (asked.setup) {
      socket.send(JSON.stringify({ setupComplete: {} }));
      return;
    }
    const { input_tokens = 0, output_tokens = 0 } = line.quantities;
    line.quantities = { input_tokens: input_tokens + given, output_tokens: output_tokens + told, requests: 1 };
    const parts = [{ text: "word" }];
    socket.send(JSON.stringify({ serverContent: { modelTurn: { parts } } }));
    socket.send(JSON.stringify({
      serverContent: { turnComplete: true },
      usageMetadata: { promptTokenCount: given, responseTokenCount: told, totalTokenCount: given + told },
    }));
    if (JSON.stringify(asked).includes("LOSE")) {
      line.how = "LOSE";
      socket.terminate();
    }
  });
}
