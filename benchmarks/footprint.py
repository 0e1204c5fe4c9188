"""What a library costs before a program uses it: import time, memory, disk space, number of packages."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from benchmarks.measuring import PYTHON, ROOT, Line, alternating, child_environment, line, seconds
from benchmarks.peers import python_of

OURS = "quotakeeper"
# Environment -> the module that a program imports.
PEERS = {
    "genai-prices": "genai_prices",
    "langfuse": "langfuse",
    "openlit": "openlit",
    "tokencost": "tokencost",
    "litellm": "litellm",
}
_QUICK_ROUNDS = 7
# Packages that every environment has.
_ALWAYS_THERE = ("pip", "setuptools", "wheel", "_distutils_hack", "distutils-precedence.pth")
_MEMORY_CODE = """
import sys
if sys.argv[1]: __import__(sys.argv[1])
with open("/proc/self/status") as lines:
    print(next(each.split()[1] for each in lines if each.startswith("VmRSS")))
"""


def run(rounds: int, *, peers: bool = True) -> list[Line]:
    """Measure quotakeeper, then the other libraries, lightest first."""
    lines = _by_importtime() + _of(OURS, PYTHON, OURS, max(rounds, _QUICK_ROUNDS))
    lines.append(_disk(OURS, ROOT / "src" / OURS))
    lines.append(line("  packages", [1], "packages", key=f"footprint.{OURS}.packages"))
    for name, module in PEERS.items() if peers else ():
        python = python_of(name)
        if python is None:
            continue
        lines += _of(name, str(python), module, rounds)
        lines += _installed(name, python)
    return lines


def _by_importtime() -> list[Line]:
    """The package's cumulative time from `-X importtime`, which includes the package itself."""

    def once() -> float:
        told = _python(PYTHON, "-X", "importtime", "-c", f"import {OURS}").stderr.splitlines()
        return int(told[-1].split("|")[1]) / 1000

    once()  # writes bytecode files
    found = alternating({"importtime": once}, _QUICK_ROUNDS)["importtime"]
    return [line("import quotakeeper, by -X importtime", found, "ms", key="footprint.importtime")]


def _of(name: str, python: str, module: str, rounds: int) -> list[Line]:
    _python(python, "-c", f"import {module}")  # writes bytecode files
    found = alternating(
        {
            "bare": lambda: seconds(lambda: _python(python, "-c", "pass")) * 1000,
            "with": lambda: seconds(lambda: _python(python, "-c", f"import {module}")) * 1000,
        },
        rounds,
    )
    over = [with_it - bare for with_it, bare in zip(found["with"], found["bare"], strict=True)]
    key = f"footprint.{name}"
    lines = [line(f"import {name}, over bare Python", over, "ms", key=f"{key}.import")]
    if memory := _memory(python, module):  # the same in every run
        lines.append(line("  resident memory", [memory], "MiB", key=f"{key}.memory"))
    return lines


def _memory(python: str, module: str) -> float:
    """Resident memory in MiB after the import; 0 if the system does not report it."""
    try:
        return int(_python(python, "-c", _MEMORY_CODE, module).stdout.split()[-1]) / 1024
    except (subprocess.CalledProcessError, ValueError, IndexError):
        return 0.0


def _installed(name: str, python: Path) -> list[Line]:
    place = json.loads(
        _python(
            str(python), "-c", "import json, sysconfig; print(json.dumps(sysconfig.get_paths()))"
        ).stdout
    )["purelib"]
    packages = [
        each for each in Path(place).glob("*.dist-info")
        if not each.name.startswith(tuple(f"{known}-" for known in _ALWAYS_THERE))
    ]  # fmt: skip
    count = line("  packages", [len(packages)], "packages", key=f"footprint.{name}.packages")
    return [_disk(name, Path(place)), count]


def _disk(name: str, folder: Path) -> Line:
    """Disk space in MiB of the installed packages, without bytecode files."""
    size = sum(
        path.stat().st_size
        for top in folder.iterdir()
        if not top.name.startswith(_ALWAYS_THERE)
        for path in ([top] if top.is_file() else top.rglob("*"))
        if path.is_file() and path.suffix != ".pyc"
    )
    return line("  installed", [size / 2**20], "MiB", key=f"footprint.{name}.disk")


def _python(python: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = child_environment() | {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    if python != PYTHON:
        environment.pop("PYTHONPATH", None)
    return subprocess.run(
        [python, *arguments], env=environment, capture_output=True, text=True, check=True
    )
