"""Price lookup: microseconds for one call, against genai-prices and litellm with --peers."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
import venv
from pathlib import Path

from benchmarks.measuring import PYTHON, Line, alternating, line
from quotakeeper.catalogue import load_snapshot

_TIMES = 20_000
_PEERS = ("genai-prices", "litellm")
# Run in a venv of its own: what these need is none of ours.
_PEER_CODE = """
import json, sys, time
def timed(act, times):
    act()
    start = time.perf_counter()
    for _ in range(times): act()
    return (time.perf_counter() - start) / times * 1e6
if sys.argv[1] == "genai-prices":
    from genai_prices import Usage, calc_price
    usage = Usage(input_tokens=1180, output_tokens=640)
    act = lambda: calc_price(usage, model_ref="gemini-2.5-flash", provider_id="google")
else:
    from litellm import cost_per_token
    act = lambda: cost_per_token("gemini/gemini-2.5-flash", 1180, 640)
print(json.dumps([timed(act, 300) for _ in range(int(sys.argv[2]))]))
"""


def _ours() -> float:
    prices, used = load_snapshot(), {"input_tokens": 1180, "output_tokens": 640, "requests": 1}
    at = 1_790_000_000_000_000
    start = time.perf_counter()
    for _ in range(_TIMES):
        prices.price("gemini", "gemini-2.5-flash", used, at, {})
    return (time.perf_counter() - start) / _TIMES * 1e6


def run(rounds: int, *, peers: bool) -> list[Line]:
    """Our line, and those of peers where they can be had."""
    ours = alternating({"ours": _ours}, rounds)["ours"]
    lines = [line("price of one call, quotakeeper", ours, "us")]
    if not peers:
        print("  (peers: give --peers to compare with genai-prices and litellm)")
        return lines
    with tempfile.TemporaryDirectory(prefix="quotakeeper-peers-") as folder:
        for peer in _PEERS:
            if found := _peer(Path(folder) / peer, peer, rounds):
                lines.append(line(f"price of one call, {peer}", found, "us", ours, "ours"))
    return lines


def _peer(folder: Path, peer: str, rounds: int) -> list[float]:
    venv.create(folder, with_pip=True)
    python = str(folder / ("Scripts/python.exe" if PYTHON.endswith(".exe") else "bin/python"))
    try:
        _told(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", peer)
        values: list[float] = json.loads(_told(python, "-c", _PEER_CODE, peer, str(rounds)))
    except subprocess.SubprocessError as error:
        told = (getattr(error, "stderr", "") or str(error)).strip().splitlines()
        print(f"  {peer}: skipped, {told[-1][:90] if told else error}")
        return []
    return values


def _told(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=True)
    return done.stdout.strip().rpartition("\n")[2]
