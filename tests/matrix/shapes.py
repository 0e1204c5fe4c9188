"""Fake OpenAI and Anthropic servers on loopback with a bill. They have the endpoints that the SDKs use."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR
from types import TracebackType
from typing import Any

from quotakeeper.sandbox.bill import Bill
from quotakeeper.sandbox.messages import Charge
from quotakeeper.tokens import estimate_tokens

Json = dict[str, Any]
_ANSWER = "Sandbox: đã nhận lời nhắc. "
_CACHED = 3


class Shapes:
    """A loopback server that bills. `fault` applies to the first request.

    429, 500, slow; broken: half an answer; cut: half a stream, billed whole; cut-early: billed as sent.
    """

    def __init__(self, fault: str = "") -> None:
        self.bill = Bill()
        self.fault = fault
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.shapes = self  # type: ignore[attr-defined]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def fault_of_next(self) -> str:
        """The fault of the next request; only the first request has one."""
        with self._lock:
            fault, self.fault = self.fault, ""
            return fault

    def __enter__(self) -> Shapes:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.stopping.set()
        self._server.shutdown()
        self._thread.join(5)
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore a client that closes its connection."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""

    def do_POST(self) -> None:
        shapes: Shapes = self.server.shapes  # type: ignore[attr-defined]
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        provider, operation, answer, events, quantities = _PLAYED[self.path.partition("?")[0]](body)
        fault, model = shapes.fault_of_next(), body["model"]
        if fault in ("429", "500"):
            shapes.bill.add(Charge(provider, operation, model, int(fault), {"requests": 1}))
            self._whole(int(fault), _error(provider, int(fault)))
            return
        made = list(events) if body.get("stream") else []
        if fault in ("cut", "cut-early"):
            made = made[: len(made) // 2]
        if fault == "cut-early":
            quantities = {**quantities, "output_tokens": _tokens(_said(made))}
        shapes.bill.add(Charge(provider, operation, model, 200, {"requests": 1, **quantities}))
        if fault == "slow":
            shapes.stopping.wait(3)
        if body.get("stream"):
            self._stream(made, cut=bool(fault))
        else:
            self._whole(200, answer, cut=fault == "broken")

    def _whole(self, status: int, value: Json, *, cut: bool = False) -> None:
        data = json.dumps(value, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if cut else data)
        if cut:
            self._hang_up()

    def _stream(self, events: list[bytes], *, cut: bool) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for event in events:
            self.wfile.write(f"{len(event):x}\r\n".encode() + event + b"\r\n")
            self.wfile.flush()
        if cut:
            self._hang_up()
        else:
            self.wfile.write(b"0\r\n\r\n")

    def _hang_up(self) -> None:
        self.wfile.flush()
        self.close_connection = True
        self.connection.shutdown(SHUT_RDWR)


Played = tuple[str, str, Json, Iterable[bytes], Mapping[str, int]]


def _tokens(value: object) -> int:
    return estimate_tokens(json.dumps(value, ensure_ascii=False)).tokens


def _error(provider: str, status: int) -> Json:
    kind = "rate_limit_error" if status == 429 else "api_error"
    error = {"type": kind, "message": "as asked for", "code": None, "param": None}
    return {"type": "error", "error": error} if provider == "anthropic" else {"error": error}


def _parts(given: int, made: int) -> dict[str, int]:
    return {
        "input_tokens": given - _CACHED, "cached_input_tokens": _CACHED, "output_tokens": made,
    }  # fmt: skip


def _chat(body: Json) -> Played:
    given, made = _tokens(body["messages"]) + _CACHED, _tokens(_ANSWER)
    usage = {
        "prompt_tokens": given, "completion_tokens": made, "total_tokens": given + made,
        "prompt_tokens_details": {"cached_tokens": _CACHED},
    }  # fmt: skip
    frame = {"id": "chatcmpl-1", "created": 1_800_000_000, "model": body["model"]}
    message = {"role": "assistant", "content": _ANSWER}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    answer = {**frame, "object": "chat.completion", "choices": [choice], "usage": usage}

    def events() -> Iterable[bytes]:
        chunk = {**frame, "object": "chat.completion.chunk"}
        for word in _ANSWER.split():
            delta = [{"index": 0, "delta": {"content": word}, "finish_reason": None}]
            yield _event({**chunk, "choices": delta, "usage": None})
        end = [{"index": 0, "delta": {}, "finish_reason": "stop"}]
        yield _event({**chunk, "choices": end, "usage": None})
        yield _event({**chunk, "choices": [], "usage": usage})
        yield b"data: [DONE]\n\n"

    return "openai", "chat", answer, events(), _parts(given, made)


def _responses(body: Json) -> Played:
    given, made, thought = _tokens(body["input"]) + _CACHED, _tokens(_ANSWER), 16
    usage = {
        "input_tokens": given, "output_tokens": made + thought,
        "total_tokens": given + made + thought,
        "input_tokens_details": {"cached_tokens": _CACHED},
        "output_tokens_details": {"reasoning_tokens": thought},
    }  # fmt: skip
    text = {"type": "output_text", "text": _ANSWER, "annotations": []}
    item = {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant",
            "content": [text]}  # fmt: skip
    answer = {
        "id": "resp_1", "object": "response", "created_at": 1_800_000_000, "status": "completed",
        "model": body["model"], "output": [item], "parallel_tool_calls": True,
        "tool_choice": "auto", "tools": [], "usage": usage,
    }  # fmt: skip
    return "openai", "responses", answer, (), {**_parts(given, made), "thought_tokens": thought}


def _embeddings(body: Json) -> Played:
    given = _tokens(body["input"])
    rows = [
        {"object": "embedding", "index": n, "embedding": "AACAPwAAAAA="}  # base64, as requested
        for n, _ in enumerate(body["input"])
    ]
    usage = {"prompt_tokens": given, "total_tokens": given}
    answer = {"object": "list", "data": rows, "model": body["model"], "usage": usage}
    return "openai", "embeddings", answer, (), {"input_tokens": given}


def _messages(body: Json) -> Played:
    given, made = _tokens(body["messages"]), _tokens(_ANSWER)
    begun = {"input_tokens": given, "cache_creation_input_tokens": 0,
             "cache_read_input_tokens": _CACHED, "output_tokens": 1}  # fmt: skip
    whole = {**begun, "output_tokens": made}
    frame: Json = {"id": "msg_1", "type": "message", "role": "assistant", "model": body["model"]}
    text = [{"type": "text", "text": _ANSWER}]
    answer = {**frame, "content": text, "stop_reason": "end_turn", "stop_sequence": None,
              "usage": whole}  # fmt: skip

    def events() -> Iterable[bytes]:
        empty = {**frame, "content": [], "stop_reason": None, "stop_sequence": None,
                 "usage": begun}  # fmt: skip
        yield _named({"type": "message_start", "message": empty})
        block = {"type": "text", "text": ""}
        yield _named({"type": "content_block_start", "index": 0, "content_block": block})
        for word in _ANSWER.split():
            delta: Json = {"type": "text_delta", "text": word}
            yield _named({"type": "content_block_delta", "index": 0, "delta": delta})
        yield _named({"type": "content_block_stop", "index": 0})
        delta = {"stop_reason": "end_turn", "stop_sequence": None}
        yield _named({"type": "message_delta", "delta": delta, "usage": {"output_tokens": made}})
        yield _named({"type": "message_stop"})

    billed = {"input_tokens": given, "cached_input_tokens": _CACHED, "output_tokens": made}
    return "anthropic", "messages", answer, events(), billed


def _said(events: Iterable[bytes]) -> str:
    """The text in some events of either stream."""
    parts = []
    for event in events:
        value = json.loads(event.partition(b"data: ")[2])
        delta = value.get("delta") or next((e["delta"] for e in value.get("choices", ())), {})
        parts.append(delta.get("content") or delta.get("text") or "")
    return "".join(parts)


def _event(value: Json) -> bytes:
    return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n"


def _named(value: Json) -> bytes:
    return b"event: " + value["type"].encode() + b"\n" + _event(value)


_PLAYED = {
    "/v1/chat/completions": _chat,
    "/v1/responses": _responses,
    "/v1/embeddings": _embeddings,
    "/v1/messages": _messages,
}
