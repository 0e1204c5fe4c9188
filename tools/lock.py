"""Writes the lock files in requirements/: for every platform, hashed, without a host name.

Needs uv on PATH. Run it after a change of the dependencies in pyproject.toml, or of a `*.in` file
below requirements/: `python tools/lock.py [--upgrade] [NAME ...]`. NAME is a file's name without its
suffix; without NAME, it writes all files.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {
    "requirements/dev.lock": ["--extra", "dev", "pyproject.toml"],
    # Optional libraries with native code have a lock of their own: a machine without a wheel for
    # one of them (musl, Windows on ARM) can still install everything else.
    "requirements/extras.lock": [
        "--extra",
        "all",
        "--constraint",
        "requirements/dev.lock",
        "pyproject.toml",
    ],
    # What the image of deploy/Dockerfile has, and what builds the package for it.
    "requirements/gateway.lock": [
        "--extra",
        "cli",
        "--extra",
        "gateway",
        "--extra",
        "postgres",
        "--constraint",
        "requirements/dev.lock",
        "--constraint",
        "requirements/extras.lock",
        "pyproject.toml",
    ],
    "requirements/build.lock": [
        "--constraint",
        "requirements/dev.lock",
        "requirements/build.in",
    ],
    # A database server that tests start.
    "requirements/servers.lock": [
        "--constraint",
        "requirements/dev.lock",
        "--constraint",
        "requirements/extras.lock",
        "requirements/servers.in",
    ],
    # The browser driver of tests. It drives the distribution's Chromium and downloads no browser.
    "requirements/browser.lock": [
        "--constraint",
        "requirements/dev.lock",
        "requirements/browser.in",
    ],
    # The conformance suite of WebSockets.
    "requirements/sockets.lock": [
        "--constraint",
        "requirements/dev.lock",
        "requirements/sockets.in",
    ],
    "requirements/release.lock": ["requirements/release.in"],
    "requirements/site.txt": ["requirements/site.in"],
}


def locks(root: Path) -> dict[str, list[str]]:
    """Each file to write, and the requirements it is written from: the project's, then one for each peer."""
    found = sorted((root / "requirements" / "peers").glob("*.in"))
    asked = [path.relative_to(root).as_posix() for path in found]
    return LOCKS | {f"{source.removesuffix('.in')}.txt": [source] for source in asked}


def main(arguments: list[str]) -> int:
    """Compile the named files, or all. Returns uv's exit code if uv fails."""
    names = {each for each in arguments if not each.startswith("-")}
    options = [each for each in arguments if each.startswith("-")]
    for target, selection in locks(ROOT).items():
        if names and Path(target).stem not in names:
            continue
        command = ["uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"]
        command += [
            "--generate-hashes",
            "--no-emit-index-url",
            "--no-emit-find-links",
            "--no-annotate",
        ]
        command += ["--custom-compile-command", "python tools/lock.py"]
        command += [*options, *selection, "-o", target]
        finished = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
        if finished.returncode:
            return finished.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
