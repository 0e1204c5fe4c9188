"""`./dev proof`: runs the parts of the proof, prints what they found, writes the page.

Each part runs in its own process, with as many at once as there are processors. The parts share the
time by their weights. A part whose process dies counts as a part that found a fault.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from tests.proof import page, parts
from tests.proof.parts import Part

ROOT = Path(__file__).resolve().parents[2]
MINUTES = 5.0
_GRACE_SECONDS = 900  # a part that exceeds its time by more counts as hung


def main(arguments: Sequence[str]) -> int:
    """Run the chosen parts. Returns 0 if nothing was found, 1 if a fault was found, 2 for wrong arguments."""
    asked = _parser().parse_args(arguments)
    there = parts.names()
    if asked.list:
        print(*there, sep="\n")
        return 0
    wanted = asked.only.split(",") if asked.only else there
    if unknown := sorted(set(wanted) - set(there)):
        print(
            f"proof: no part {', '.join(unknown)}; there are: {', '.join(there)}", file=sys.stderr
        )
        return 2
    if asked.inside:
        (name,) = wanted
        part = parts.load(name).run(asked.minutes, asked.seed, _say)
        print(parts.as_json(part))
        return 0
    if asked.write and asked.only:
        print("proof: --write needs all parts: leave out --only", file=sys.stderr)
        return 2
    return _all(wanted, asked.minutes, asked.seed, write=asked.write)


def _all(wanted: list[str], minutes: float, seed: int, *, write: bool) -> int:
    began = time.perf_counter()
    found = run_parts(wanted, minutes, seed)
    result = {
        "at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "minutes": minutes,
        "seed": seed,
        "seconds": round(time.perf_counter() - began),
        "commit": _commit(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
        "parts": [asdict(part) for part in found],
    }
    if write:
        page.RESULT.write_text(
            json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
        )
        page.write(result)
        print(f"wrote {', '.join(str(path.relative_to(ROOT)) for path in page.PAGES.values())}")
    broken = [line for part in found for line in part.found]
    cases = sum(part.cases for part in found)
    print(f"\n{cases:,} cases, {len(broken)} broken promises, {result['seconds']} s, seed {seed}")
    return 1 if broken else 0


def run_parts(wanted: list[str], minutes: float, seed: int) -> list[Part]:
    """Run these parts, each in its own process. Returns their results in the order of the page."""
    jobs = min(len(wanted), os.cpu_count() or 1)
    weights = {name: parts.weight(name) for name in wanted}
    share = {name: minutes * jobs * weights[name] / sum(weights.values()) for name in wanted}
    # Start the longest part first, so that no long part runs alone at the end.
    order = sorted(wanted, key=lambda name: -weights[name])
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        ran = dict(
            zip(order, pool.map(lambda name: _run(name, share[name], seed), order), strict=True)
        )
    return [ran[name] for name in wanted]


def _run(name: str, minutes: float, seed: int) -> Part:
    command = [sys.executable, "-W", "ignore", "-m", "tests.proof", "--inside", "--only", name,
               "--minutes", f"{minutes:.3f}", "--seed", str(seed)]  # fmt: skip
    environment = {
        **os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", "QUOTAKEEPER_PROOF_WORKERS": "1",
    }  # fmt: skip
    began = time.perf_counter()
    try:
        ran = subprocess.run(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False,
            timeout=minutes * 60 + _GRACE_SECONDS,
        )  # fmt: skip
        part = parts.from_json(ran.stdout.strip().splitlines()[-1])
    except (subprocess.TimeoutExpired, ValueError, IndexError, TypeError) as error:
        spent = round(time.perf_counter() - began, 1)
        repeat = f"./dev proof --only {name} --seed {seed}"
        promise = getattr(parts.load(name), "PROMISE", "")
        part = Part(name, promise, 0, [f"the part itself died: {error!r}; {repeat}"], seed, spent)
    mark = "ok  " if not part.found else "FAIL"
    print(
        f"{mark} {part.name:<14} {part.cases:>12,} cases {part.seconds:8.1f} s  seed {part.seed}",
        flush=True,
    )
    for line in part.found:
        print(f"     {line}", flush=True)
    return part


def _say(line: str) -> None:
    print(f"     {line}", file=sys.stderr, flush=True)


def _commit() -> str:
    ran = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True,
                         check=False)  # fmt: skip
    return ran.stdout.strip()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("./dev proof", description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument(
        "--minutes", type=float, default=MINUTES, help="total time of all parts (default: 5)"
    )
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6),
                        help="seed of all random choices; by default a new one, printed")  # fmt: skip
    parser.add_argument(
        "--only", default="", help="names of parts, separated by commas; see --list"
    )
    parser.add_argument("--list", action="store_true", help="list all parts")
    parser.add_argument("--write", action="store_true", help="write docs/*/evidence/reliability.md")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
