"""A small server that answers as OpenAI's chat API does, and keeps its own bill: for gateway_demo.py."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

WORDS = ("Xin", "chào,", "tôi", "là", "một", "mô", "hình", "mẫu.")  # one token each
PATH = "/v1/chat/completions"


class ChatProvider:
    """The server, as a context manager. A word of the prompt is one token, and so is one of the answer."""

    def __init__(self) -> None:
        self.bill: dict[str, int] = {}
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )

    @property
    def url(self) -> str:
        """The address of the server."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def charge(self, prompt_tokens: int, answer_tokens: int) -> None:
        """Add one call to the bill."""
        charged = {"requests": 1, "input_tokens": prompt_tokens, "output_tokens": answer_tokens}
        with self._lock:
            for meter, amount in charged.items():
                self.bill[meter] = self.bill.get(meter, 0) + amount

    def __enter__(self) -> ChatProvider:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join(timeout=5)
        self._server.server_close()


def _handler(provider: ChatProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path != PATH or not self.headers.get("Authorization"):
                self._send(404, json.dumps({"error": {"message": "not served"}}).encode())
                return
            prompt = sum(len(each["content"].split()) for each in body["messages"])
            usage = {"prompt_tokens": prompt, "completion_tokens": len(WORDS),
                     "total_tokens": prompt + len(WORDS)}  # fmt: skip
            provider.charge(prompt, len(WORDS))
            choice = {"index": 0, "finish_reason": "stop",
                      "message": {"role": "assistant", "content": " ".join(WORDS)}}  # fmt: skip
            whole = {"id": "chat-1", "object": "chat.completion", "model": body["model"],
                     "choices": [choice], "usage": usage}  # fmt: skip
            self._send(200, json.dumps(whole).encode())

        def log_message(self, format: str, *args: object) -> None:
            """Print nothing."""

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler
