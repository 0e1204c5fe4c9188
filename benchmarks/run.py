"""`./dev bench [NAME ...]`: measure, print, store as JSON, and write the pages from the stored figures."""

from __future__ import annotations

import argparse
import importlib
import inspect
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from benchmarks import measuring, page, profiling, results  # noqa: E402 - found just now
from benchmarks.machine import machine  # noqa: E402

# The order of the page. Each is a module of this folder; a missing module is left out.
NAMES = (
    "admission",
    "ledger",
    "growth",
    "fleet",
    "costs",
    "gateway",
    "overhead",
    "forecast",
    "reconcile",
    "pricing",
    "estimate",
    "footprint",
)
BENCHES = tuple(name for name in NAMES if (ROOT / "benchmarks" / f"{name}.py").exists())


def main(arguments: list[str]) -> int:
    """Run the named benchmarks, or all."""
    given = _parser().parse_args(arguments)
    if given.profile:
        for path in profiling.write(given.profile, given.source):
            print(f"wrote {path}")
        return 0
    if not given.pages:
        about = machine()
        print("  ".join(f"{name} {value}" for name, value in about.items()))
        _each(given)
    if given.write or given.pages:
        for path in page.write(results.read(results.LATEST)):
            print(f"wrote {path.relative_to(ROOT).as_posix()}")
    return 0


def _each(given: argparse.Namespace) -> None:
    """Run each benchmark and store its figures at once. So an interrupted run loses only the rest."""
    found: results.Results = {}
    for name in given.names or BENCHES:
        print(f"\n{name}", flush=True)
        found[name] = _measured(name, given)
        if given.json:
            results.write(given.json, found)
        if given.write:
            results.write(results.LATEST, results.read(results.LATEST) | found)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHES, []], metavar="NAME",
                        help=f"what to measure: {', '.join(BENCHES)}; all by default")  # fmt: skip
    parser.add_argument("--rounds", type=int, default=measuring.FEWEST_ROUNDS,
                        help=f"runs of each case, {measuring.FEWEST_ROUNDS} at least")  # fmt: skip
    parser.add_argument("--no-peers", action="store_true", help="only quotakeeper; no network")
    parser.add_argument("--most", type=int, default=1_000_000, metavar="EVENTS",
                        help="growth: events of the largest ledger (default: 1_000_000)")  # fmt: skip
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result here")
    parser.add_argument("--write", action="store_true",
                        help="store the result in benchmarks/results, and write the pages")  # fmt: skip
    parser.add_argument("--pages", action="store_true",
                        help="measure nothing; write the pages from the stored results")  # fmt: skip
    parser.add_argument("--profile", type=Path, metavar="FOLDER",
                        help="measure nothing; write flame graphs of a metered call here")  # fmt: skip
    parser.add_argument("--source", type=Path, default=ROOT, metavar="TREE",
                        help="--profile: the checkout to profile (default: this one)")  # fmt: skip
    return parser


def _measured(name: str, given: argparse.Namespace) -> dict[str, Any]:
    """Run one benchmark with the options that it accepts, and print its lines."""
    bench = importlib.import_module(f"benchmarks.{name}").run
    rounds = max(measuring.FEWEST_ROUNDS, given.rounds)
    options = {"rounds": rounds, "peers": not given.no_peers, "most": given.most}
    taken = inspect.signature(bench).parameters
    measuring.notes.clear()
    about, began = machine(), time.time()
    lines = bench(**{key: value for key, value in options.items() if key in taken})
    for each in lines:
        print(each)
    return {
        "measured": time.strftime("%Y-%m-%d", time.gmtime(began)),
        "seconds": round(time.time() - began),
        "rounds": rounds,
        "machine": about,
        "notes": list(measuring.notes),
        "lines": [each.as_json() for each in lines],
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
