"""The sandbox as a server on loopback, on top of the functions that make the replies."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType

from quotakeeper.clocks import Clock, SystemClock
from quotakeeper.sandbox import accounts, deepgram, gemini, key_checks
from quotakeeper.sandbox.bill import Bill
from quotakeeper.sandbox.faults import Fault, fault_for, operation_of, parse_fault, spoil
from quotakeeper.sandbox.http_front import LoopbackServer
from quotakeeper.sandbox.messages import Reply, SandboxRequest, SandboxTurn, json_reply
from quotakeeper.sandbox.phrases import SPEECHES, Speech
from quotakeeper.sandbox.sockets import Opening, open_socket
from quotakeeper.value_classes import replace

BILL_PATH = "/__sandbox__/bill"
HEALTH_PATH = "/__sandbox__/health"
LIVE_IDLE_SECONDS = 10.0  # Deepgram requires audio or a KeepAlive within this time


class Sandbox:
    """An imitation of Gemini and Deepgram on loopback, with its own bill.

    Use it as a context manager: `with Sandbox() as sandbox: ... sandbox.base_url`. Any key is
    accepted, and a request without a key is refused. Keys are never stored or logged. `faults.py`
    describes the syntax of `faults`.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        faults: Sequence[str | Fault] = (),
        speeches: Iterable[Speech] = (),
        clock: Clock | None = None,
        log: Callable[[str], None] | None = None,
        live_idle_seconds: float = LIVE_IDLE_SECONDS,
    ) -> None:
        self.bill = Bill()
        self.live_idle_seconds = live_idle_seconds
        self.stopping = threading.Event()
        self.log = log
        self._faults = [
            fault if isinstance(fault, Fault) else parse_fault(fault) for fault in faults
        ]
        self._speeches = (*speeches, *SPEECHES)
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}
        self._server = LoopbackServer((host, port), self)
        self._thread: threading.Thread | None = None

    @property
    def base_url(self) -> str:
        """The address of the server, for Gemini's and for Deepgram's paths."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    @property
    def gemini_url(self) -> str:
        """The address for `GOOGLE_GEMINI_BASE_URL`."""
        return self.base_url

    @property
    def deepgram_url(self) -> str:
        """The address for `DEEPGRAM_BASE_URL`."""
        return self.base_url

    def start(self) -> Sandbox:
        """Start the server in a thread, and return the sandbox."""
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()
        return self

    def serve(self) -> None:
        """Run the server in the current thread until it is interrupted."""
        self._server.serve_forever(poll_interval=0.2)

    def close(self) -> None:
        """Stop the server. Replies that are delayed are sent at once."""
        self.stopping.set()
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join(timeout=5)
            self._thread = None
        self._server.server_close()

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def answer(self, request: SandboxRequest) -> tuple[Reply, Fault | None]:
        """Answer one request and bill its charge. Returns the reply, and the applied fault or None."""
        if request.path in (BILL_PATH, HEALTH_PATH):
            body = self.bill.as_json() if request.path == BILL_PATH else {"status": "ok"}
            return json_reply(200, body), None
        if accounts.is_account(request):  # not a call: it has no number and costs nothing
            asked = SandboxTurn(0, self._clock.now())
            return accounts.reply_to(request, asked, self.bill.charges), None
        if key_checks.is_key_check(request):  # no call either
            return key_checks.reply_to(request, SandboxTurn(0, self._clock.now())), None
        turn, of_operation = self._next_turn(operation_of(request))
        if gemini.is_gemini(request):
            reply = gemini.reply_to(request, turn)
        elif deepgram.is_deepgram(request):
            reply = deepgram.reply_to(request, turn, self._speeches)
        else:
            return gemini.error_reply(
                404, "NOT_FOUND", "The sandbox does not support this path."
            ), None
        fault = fault_for(request, self._faults, turn.number, of_operation)
        if fault is not None:
            reply = spoil(fault, request, turn, reply)
        if reply.charge is not None:
            self.bill.add(accounts.charge_of(reply, request, turn))
        return reply, fault

    def open_socket(self, request: SandboxRequest) -> tuple[Opening, Fault | None]:
        """Answer the handshake of a WebSocket. Returns the answer, and the fault to apply or None."""
        turn, of_operation = self._next_turn(operation_of(request))
        fault = fault_for(request, self._faults, turn.number, of_operation)
        opening = open_socket(request, turn, fault)
        if opening.session is None and opening.reply.charge is not None:
            self.bill.add(accounts.charge_of(opening.reply, request, turn))
        return replace(opening, turn=turn), fault

    def _next_turn(self, operation: str) -> tuple[SandboxTurn, int]:
        with self._lock:
            self._counts[""] = number = self._counts.get("", 0) + 1
            self._counts[operation] = of_operation = self._counts.get(operation, 0) + 1
        return SandboxTurn(number, self._clock.now()), of_operation


def run_sandbox(
    port: int,
    faults: Sequence[str],
    announce: Callable[[str], None],
    *,
    ready: Callable[[Sandbox], None] | None = None,
) -> None:
    """Run a sandbox until Ctrl-C, for `quotakeeper sandbox`.

    `announce` prints how to connect programs. `ready` is called before the first request. Raises
    InvalidInputError for an unreadable fault, and OSError if the port is in use.
    """
    sandbox = Sandbox(port=port, faults=faults, log=announce)
    url = sandbox.base_url
    announce(f"sandbox for Gemini and Deepgram on {url} (Ctrl-C stops it; any key works)")
    announce(f"  GOOGLE_GEMINI_BASE_URL={url} DEEPGRAM_BASE_URL={url}")
    announce(f"  what the calls would have cost: {url}{BILL_PATH}")
    if ready is not None:
        ready(sandbox)
    try:
        sandbox.serve()
    except KeyboardInterrupt:
        announce("stopped; the bill: " + json.dumps(sandbox.bill.totals(), sort_keys=True))
    finally:
        sandbox.close()
