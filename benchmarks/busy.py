"""Twenty threads make calls without an output cap under a limit of $1.00: refused, spent, and time
waited.

    python -m benchmarks.busy

Each thread makes one call through `urllib.request` to a local server that answers like Gemini after
`DELAY_SECONDS`. A call without a cap reserves the model's maximum output, so the money covers only a
few calls at once. The table has one row for each policy: refuse (for comparison), wait, typical, clamp.
"""

from __future__ import annotations

import json
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import quotakeeper
from quotakeeper import Keeper

THREADS = 20
CAP_USD = "1.00"
DELAY_SECONDS = 0.1
MODEL = "gemini-2.5-flash"
HISTORY = 40  # earlier calls, which `typical` needs
MEANS: tuple[tuple[str, dict[str, object]], ...] = (
    ("on_busy = refuse", {"on_busy": "refuse"}),
    ("on_busy = wait", {"on_busy": "wait"}),
    ("hold = typical", {"on_busy": "refuse", "hold": "typical"}),
    ("on_limit = clamp", {"on_limit": "clamp"}),
)
_USED = {"promptTokenCount": 12, "candidatesTokenCount": 480, "totalTokenCount": 492}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The results of the twenty calls.

    `most_pico` is the most that was used and reserved at one time. `lost_seconds` is the sum of all
    waits.
    """

    means: str
    refused: int
    used_pico: int
    most_pico: int
    lost_seconds: float
    took_seconds: float


class _Provider(BaseHTTPRequestHandler):
    """Answers like Gemini after a delay."""

    def do_POST(self) -> None:
        """Send the answer."""
        self.rfile.read(int(self.headers["content-length"]))
        time.sleep(DELAY_SECONDS)
        body = json.dumps(
            {"candidates": [], "usageMetadata": _USED, "modelVersion": MODEL}
        ).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


class _Server(ThreadingHTTPServer):
    """A server that accepts twenty connections at once."""

    daemon_threads = True
    request_queue_size = 128


def run(means: str, policies: dict[str, object], folder: Path, base: str) -> Outcome:
    """Start twenty threads at once, with one call each. Returns the results."""
    limit = {"name": "money", "meter": "cost", "window": "month", "amount": CAP_USD}
    config = {"default_limits": False, "limit": [limit], **policies}
    barrier, most, waited_ms = threading.Barrier(THREADS), [0], [0]

    def heard(observation: object) -> None:
        basis = getattr(getattr(observation, "decision", None), "basis", None)
        waited_ms[0] += 0 if basis is None else basis.waited_ms

    with Keeper(folder / f"{means.replace(' ', '')}.db", config, "process") as keeper:
        if policies.get("hold") == "typical":
            for _ in range(HISTORY):
                keeper.record("gemini", model=MODEL, operation="generate", input_tokens=12,
                              output_tokens=480)  # fmt: skip
        keeper.subscribe(heard)
        before = keeper.status(forecasts=False).limits[0].used

        def call(_: int) -> bool:
            barrier.wait()
            return _refused(base)

        def look() -> None:
            while not done.is_set():
                standing = keeper.status(forecasts=False).limits[0]
                most[0] = max(most[0], standing.used + standing.reserved)
                done.wait(0.005)

        done = threading.Event()
        looking = threading.Thread(target=look)
        looking.start()
        try:
            with quotakeeper.watch(keeper) as watching, ThreadPoolExecutor(THREADS) as pool:
                began = time.monotonic()
                refused = sum(pool.map(call, range(THREADS)))
                took = time.monotonic() - began
                watching.flush(20)
        finally:
            done.set()
            looking.join()
        standing = keeper.status(forecasts=False).limits[0]
        assert standing.reserved == 0 and keeper.verify() == []
    return Outcome(means, refused, standing.used - before, most[0], waited_ms[0] / 1000, took)


def _refused(base: str) -> bool:
    body = json.dumps({"contents": [{"parts": [{"text": "Xin chào"}]}]}).encode()
    url = f"{base}/v1beta/models/{MODEL}:generateContent"
    request = urllib.request.Request(url, body, {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            answer.read()
    except urllib.error.HTTPError:
        return True
    return False


def measure() -> list[Outcome]:
    """Run the benchmark with each policy, one after the other."""
    server = _Server(("127.0.0.1", 0), _Provider)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    base = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            return [run(means, policies, Path(folder), base) for means, policies in MEANS]
    finally:
        server.shutdown()
        server.server_close()


def table(outcomes: Sequence[Outcome]) -> str:
    """The table of results as text."""
    head = f"{'means':<18}{'refused':>8}{'used $':>10}{'most $':>10}{'lost s':>8}{'a call s':>9}{'took s':>8}"
    lines = [head]
    for each in outcomes:
        used, most = each.used_pico / 10**12, each.most_pico / 10**12
        lines.append(
            f"{each.means:<18}{each.refused:>8}{used:>10.4f}{most:>10.4f}{each.lost_seconds:>8.2f}"
            f"{each.lost_seconds / THREADS:>9.3f}{each.took_seconds:>8.2f}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    print(
        f"{THREADS} threads, {MODEL}, no maxOutputTokens, ${CAP_USD}, {DELAY_SECONDS} s an answer"
    )
    print(table(measure()))
