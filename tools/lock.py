"""Writes requirements/*.lock anew: universal, hashed, naming no host. Needs uv on PATH.

Run it by hand after changing dependencies in pyproject.toml: `python tools/lock.py [--upgrade]`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {
    "requirements/dev.lock": ["--extra", "dev"],
    # Optional libraries with native code: kept apart, because a machine without a ready-made build
    # of one of them (musl, Windows on ARM) can still do everything else.
    "requirements/extras.lock": ["--extra", "all", "--constraint", "requirements/dev.lock"],
}


def main(arguments: list[str]) -> int:
    """Compile every lock; returns uv's exit code when it refuses."""
    for target, selection in LOCKS.items():
        command = ["uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"]
        command += [
            "--generate-hashes",
            "--no-emit-index-url",
            "--no-emit-find-links",
            "--no-annotate",
        ]
        command += ["--custom-compile-command", "python tools/lock.py"]
        command += [*selection, *arguments, "pyproject.toml", "-o", target]
        finished = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
        if finished.returncode:
            return finished.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
