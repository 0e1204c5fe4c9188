"""What `import quotakeeper` costs a program, in milliseconds."""

from __future__ import annotations

import subprocess

from benchmarks.measuring import PYTHON, Line, alternating, child_environment, line, seconds

_ROUNDS = 7


def _python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PYTHON, *arguments], env=child_environment(), capture_output=True, text=True, check=True
    )


def _by_importtime() -> float:
    """The cumulative figure that `-X importtime` gives for the package, its own cost included."""
    last = _python("-X", "importtime", "-c", "import quotakeeper").stderr.splitlines()[-1]
    return int(last.split("|")[1]) / 1000


def run() -> list[Line]:
    """Two ways to say it."""
    _by_importtime()  # compiles
    found = alternating(
        {
            "bare": lambda: seconds(lambda: _python("-c", "pass")) * 1000,
            "with": lambda: seconds(lambda: _python("-c", "import quotakeeper")) * 1000,
            "importtime": _by_importtime,
        },
        _ROUNDS,
    )
    over = [a - b for a, b in zip(found["with"], found["bare"], strict=True)]
    return [
        line("bare Python", found["bare"], "ms"),
        line("import quotakeeper, over bare Python", over, "ms"),
        line("import quotakeeper, by -X importtime", found["importtime"], "ms"),
    ]
