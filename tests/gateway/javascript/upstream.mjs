// A provider of every kind with a bill of its own. It shares no code with quotakeeper: another language,
// another HTTP server and another WebSocket library. It counts words as tokens, and bills what it sent.
//
// Words of a prompt change how a stream is sent. All act after the second event:
// "HOLD": nothing more is sent until the client has gone. "DRAIN": until POST /release.
// "LOSE": the connection ends. "FLOOD": one event with far more tokens than were asked for, then HOLD.
//
// GET /bill waits until nothing is open, and answers with the bill.
import { createServer } from "node:http";
import { answers } from "./answers.mjs";
import { openSockets } from "./sockets.mjs";

const bill = [];
const waiting = new Set(); // what POST /release lets go on
const idle = []; // who waits for the bill
let open = 0;

function opened() {
  open += 1;
}

function ended() {
  open -= 1;
  if (!open) idle.splice(0).forEach((tell) => tell());
}

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, "http://localhost");
  if (pathname === "/bill") {
    if (open) await new Promise((resolve) => idle.push(resolve));
    return json(response, bill);
  }
  if (pathname === "/release") {
    waiting.forEach((go) => go());
    return json(response, {});
  }
  opened();
  response.on("close", ended);
  const parts = [];
  try {
    for await (const part of request) parts.push(part);
  } catch {
    return undefined; // the client has gone
  }
  return answer(request, response, pathname, Buffer.concat(parts));
});

function json(response, value, headers = {}) {
  const body = Buffer.from(JSON.stringify(value));
  response.writeHead(200, { "content-type": "application/json", "content-length": body.length, ...headers });
  response.end(body);
}

async function answer(request, response, path, body) {
  const found = answers(request, path, body, `http://${request.headers.host}`);
  if (!found) {
    response.writeHead(404).end();
    return;
  }
  const line = { provider: found.provider, quantities: found.quantities ?? {}, how: "whole" };
  if (found.isBilled !== false) bill.push(line);
  if (found.bytes) {
    response.writeHead(200, { ...found.headers, "content-length": found.bytes.length });
    response.end(found.bytes);
  } else if (found.events) {
    await stream(response, found, line);
  } else {
    json(response, found.value, found.headers);
  }
}

async function stream(response, { events, prompt, flood }, line) {
  response.writeHead(200, { "content-type": "text/event-stream" });
  const how = ["HOLD", "DRAIN", "LOSE", "FLOOD"].find((word) => prompt.includes(word));
  line.how = how ?? "whole";
  for (const [number, [text, quantities]] of events.entries()) {
    response.write(text);
    line.quantities = quantities;
    if (number !== 1 || !how) continue;
    if (how === "LOSE") {
      response.socket.end(); // the body has no end
      return;
    }
    if (how === "FLOOD") {
      response.write(flood[0]);
      line.quantities = flood[1];
    }
    await held(response, how);
    if (response.destroyed) return;
  }
  response.end();
}

function held(response, how) {
  return new Promise((resolve) => {
    const go = () => {
      waiting.delete(go);
      resolve();
    };
    if (how === "DRAIN") waiting.add(go);
    response.once("close", go);
  });
}

openSockets(server, bill, opened, ended);
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
