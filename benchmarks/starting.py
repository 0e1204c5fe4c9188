"""What metering adds to the start of a program: its hooks alone, and the whole `quotakeeper run` command."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

from benchmarks.measuring import PYTHON, Line, alternating, child_environment, line
from quotakeeper.intercept.import_hook import HOOKS
from quotakeeper.launch import launcher

BARE = "bare"


def starts(folder: Path, rounds: int) -> list[Line]:
    """Start a Python that imports no metered library: with the hooks alone, and by the whole command."""
    command = [PYTHON, "-c", "pass"]
    run = launcher.Run(command, child_environment(), tuple(HOOKS), folder / "notes")
    hooked = launcher.child_environment(run)
    ledger = {**child_environment(), "QUOTAKEEPER_LEDGER": os.fspath(folder / "run.ledger")}
    whole = [PYTHON, "-m", "quotakeeper", "run", "--", *command]

    def started(words: list[str], environment: dict[str, str]) -> float:
        start = time.perf_counter()
        subprocess.run(words, env=environment, capture_output=True, check=True)
        return (time.perf_counter() - start) * 1000

    started(whole, ledger)  # writes bytecode files
    found = alternating(
        {
            BARE: lambda: started(command, child_environment()),
            "hooked": lambda: started(command, hooked),
            "whole": lambda: started(whole, ledger),
        },
        max(rounds, 9),
    )
    added = {
        name: [a - b for a, b in zip(found[name], found[BARE], strict=True)]
        for name in ("hooked", "whole")
    }
    return [
        line("python -c pass", found[BARE], "ms"),
        line("  added to its start under quotakeeper run", added["hooked"], "ms",
             key="overhead.start"),
        line("  added by the whole of quotakeeper run --", added["whole"], "ms"),
    ]  # fmt: skip
