"""`./dev bench [NAME ...]`: measure, print, and keep as JSON; `--help` lists the names."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from benchmarks import (  # noqa: E402 - found just now
    estimate,
    forecast,
    imports,
    ledger,
    measuring,
    overhead,
    prices,
    reconcile,
)


def main(arguments: list[str]) -> int:
    """Run what was named, or everything."""
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    names = ["ledger", "prices", "estimate", "import", "overhead", "forecast", "reconcile"]
    parser.add_argument("names", nargs="*", choices=[*names, []], help="what to measure: all")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each case (5 at least)")
    parser.add_argument("--peers", action="store_true", help="install peers aside, and compare")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the result here")
    given = parser.parse_args(arguments)
    rounds = max(5, given.rounds)
    benches: dict[str, Callable[[], list[measuring.Line]]] = {
        "ledger": lambda: ledger.run(rounds),
        "prices": lambda: prices.run(rounds, peers=given.peers),
        "estimate": lambda: estimate.run(rounds),
        "import": imports.run,
        "overhead": lambda: overhead.run(rounds),
        "forecast": forecast.run,
        "reconcile": reconcile.run,
    }
    about = measuring.machine()
    print("  ".join(f"{name} {value}" for name, value in about.items()))
    result: dict[str, object] = {"machine": about, "rounds": rounds}
    for name in given.names or names:
        print(f"\n{name}", flush=True)
        lines = benches[name]()
        for each in lines:
            print(each)
        result[name] = [each.as_json() for each in lines]
    if given.json:
        given.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
