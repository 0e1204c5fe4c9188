// The provider's WebSockets: Deepgram's listen, and Gemini Live. Each session is one line of the bill.
import { WebSocketServer } from "ws";

const LIVE = /^\/ws\/google\.ai\.generativelanguage\.v1(beta|alpha)?\.GenerativeService\.BidiGenerateContent$/;
const BYTES_A_MILLISECOND = 16; // 8 kHz, 16 bits

export function openSockets(server, bill, opened, ended) {
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  server.on("upgrade", (request, connection, head) => {
    const { pathname, searchParams } = new URL(request.url, "http://localhost");
    const converse = pathname === "/v1/listen" ? listen : LIVE.test(pathname) ? live : null;
    if (!converse) {
      connection.end("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
      return;
    }
    opened();
    sockets.handleUpgrade(request, connection, head, (socket) => {
      socket.on("close", ended);
      socket.on("error", () => {});
      const line = { provider: "", quantities: { requests: 1 }, how: "whole" };
      bill.push(line);
      converse(socket, line, searchParams);
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
