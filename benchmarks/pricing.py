"""Benchmark of price lookup: microseconds per call, against genai-prices, litellm and tokencost."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.measuring import Line, alternating, line, say
from benchmarks.peers import python_of
from quotakeeper.catalogue import load_snapshot

_TIMES = 20_000
PEERS = ("genai-prices", "litellm", "tokencost")
# This program runs in a peer's environment and lives through all rounds: no figure includes an
# import.
_PEER_CODE = """
import json, sys, time
peer = sys.argv[1]
if peer == "genai-prices":
    from genai_prices import Usage, calc_price
    usage = Usage(input_tokens=1180, output_tokens=640)
    act = lambda: calc_price(usage, model_ref="gemini-2.5-flash", provider_id="google")
elif peer == "litellm":
    from litellm import cost_per_token
    act = lambda: cost_per_token("gemini/gemini-2.5-flash", 1180, 640)
else:
    from tokencost import calculate_cost_by_tokens as cost
    model = "gemini/gemini-2.5-flash"
    act = lambda: (cost(1180, model, "input"), cost(640, model, "output"))
act()
for _ in sys.stdin:
    start = time.perf_counter()
    for _ in range(300): act()
    took = (time.perf_counter() - start) / 300 * 1e6
    print(json.dumps({"us": took}), flush=True)
"""


class _Peer:
    """A peer's process. It prices 300 calls each time it reads a line."""

    def __init__(self, python: Path, peer: str) -> None:
        self._process = subprocess.Popen(
            [str(python), "-c", _PEER_CODE, peer], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, encoding="utf-8",
        )  # fmt: skip

    def priced(self) -> float:
        """Microseconds per call; NaN if the process has ended."""
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.write("\n")
            self._process.stdin.flush()
        except OSError:
            return float("nan")
        for said in self._process.stdout:
            if said.startswith('{"us"'):
                found: float = json.loads(said)["us"]
                return found
        return float("nan")

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


def _ours() -> float:
    prices, used = load_snapshot(), {"input_tokens": 1180, "output_tokens": 640, "requests": 1}
    at = 1_790_000_000_000_000
    start = time.perf_counter()
    for _ in range(_TIMES):
        prices.price("gemini", "gemini-2.5-flash", used, at, {})
    return (time.perf_counter() - start) / _TIMES * 1e6


def run(rounds: int, *, peers: bool = True) -> list[Line]:
    """Measure quotakeeper, then each peer whose environment can be made."""
    _ours()
    cases: dict[str, Callable[[], float]] = {"quotakeeper": _ours}
    started: dict[str, _Peer] = {}
    for peer in PEERS if peers else ():
        if python := python_of(peer):
            started[peer] = _Peer(python, peer)
            cases[peer] = started[peer].priced
    try:
        found = alternating(cases, rounds)
    finally:
        for each in started.values():
            each.close()
    lines = []
    for who, values in found.items():
        if any(value != value for value in values):
            say(f"{who}: skipped, it gives no price")
            continue
        base, against = (None, "") if who == "quotakeeper" else (found["quotakeeper"], "ours")
        lines.append(
            line(f"price of one call, {who}", values, "us", base, against, f"pricing.{who}")
        )
    return lines
