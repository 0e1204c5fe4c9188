"""The commands of `./dev`: demo, test, proof, check, bench, circles, fmt, docs, pictures, help."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tools import interpreters, site, suite
from tools.checkout import (
    EXIT_UNAVAILABLE,
    Checkout,
    CheckoutError,
    child_environment,
    in_ci,
    prepare,
)
from tools.circles import main as print_circles

ROOT = Path(__file__).resolve().parent.parent
TYPED = ("src", "tools", "run", "dev.py")

# If the arguments contain one of these, `./dev test` does not add `-n`: the user has chosen.
NOT_IN_PARALLEL = (
    "-n",
    "--numprocesses",
    "no:xdist",
    "-pno:xdist",
    "--pdb",
    "--collect-only",
    "--co",
)
# import-linter runs as a module, because a policy on Windows may forbid programs in the scripts
# folder. It runs without its cache, which keeps outdated results after a new module appears.
SOURCE_CHECKS = ("gates", "names", "prose", "circles")  # files of tools/
LINT_IMPORTS = "from importlinter.cli import lint_imports_command as run; run()"

HELP = """\
usage: ./dev VERB [arguments]          (Windows: py -3 dev.py VERB)

  demo   run the whole product on this machine: no keys, no network      examples/demo.py
         demo --team: two hosts on one limit, with PostgreSQL           examples/team_demo.py
         demo --gateway: three clients with keys of their own           examples/gateway_demo.py
         demo --alerts: what a phone shows at 80 % and 100 %            examples/alerts_demo.py
  test   check, then every test; lists each skip with its reason
         test ARGS: pytest ARGS only (for example: test tests/project -k stamp)
         test --python 3.13 [ARGS]: use that Python (a version or a path), in .cache/pythons
         test --every-python: then run the core tests with every other Python (CI=true: a part)
         test --coverage: measure branch coverage, and check its minimums (CI=true does)
         test --matrix: run every SDK that has a driver, each in its own environment
  proof  test every promise, and report what was found                   docs/en/evidence/reliability.md
         proof [--minutes 5] [--seed S] [--only PART,...] [--write]; proof --list
  check  format, lint, types, architecture, gates
  bench  measure this and other libraries; --write writes the pages      benchmarks/run.py
  circles  print the import cycles of the package (there are none)
  fmt    format the source
  docs   build the pages into build/site, with strict links               mkdocs.yml
  pictures  draw the screens, the layers and the dashboard                scripts/draw_*.py
  help   show this page

The first run fills .venv from requirements/dev.lock; later runs start at once.
PYTHON=/path/to/python3 chooses the interpreter (3.11 or newer).
"""


class Step(NamedTuple):
    """One line of `./dev check`."""

    name: str
    command: list[str]


class Outcome(NamedTuple):
    """The result of a step."""

    name: str
    code: int
    seconds: float
    output: str


def main(arguments: list[str]) -> int:
    """Run one command. Returns the exit code."""
    folder = ".venv"
    if arguments[:1] == ["--environment"]:  # `test --python` starts this with another Python
        folder, arguments = arguments[1], arguments[2:]
    verb, rest = (arguments[0], arguments[1:]) if arguments else ("help", [])
    if verb in {"help", "-h", "--help"}:
        print(HELP, end="")
        return 0
    action = VERBS.get(verb)
    if action is None:
        print(f"dev: no verb {verb!r}; there are: {', '.join(VERBS)}, help", file=sys.stderr)
        return 2
    checkout = Checkout(ROOT, folder)
    try:
        return action(checkout, rest)
    except CheckoutError as error:
        print(f"dev: {error}", file=sys.stderr)
        return EXIT_UNAVAILABLE
    except KeyboardInterrupt:
        return 130


def demo(checkout: Checkout, arguments: list[str]) -> int:
    """Run examples/demo.py. If the environment cannot be made, run it with the current Python."""
    script = _existing(checkout, "examples/demo.py")
    try:
        python = prepare(checkout)
    except CheckoutError as error:
        text = "the demo runs with this Python instead: it needs only the standard library"
        print(f"dev: {error}\ndev: {text}", file=sys.stderr)
        environment = {**os.environ, "PYTHONUTF8": "1", "PYTHONPATH": str(checkout.root / "src")}
        return _hand_over([sys.executable, script, *arguments], checkout, environment)
    return _hand_over([str(python), script, *arguments], checkout)


def bench(checkout: Checkout, arguments: list[str]) -> int:
    """Run benchmarks/run.py."""
    script = _existing(checkout, "benchmarks/run.py")
    return _hand_over([str(prepare(checkout)), script, *arguments], checkout)


def circles(checkout: Checkout, arguments: list[str]) -> int:
    """Print the import cycles of the package. Returns 1 if there is one."""
    return print_circles(arguments)


def fmt(checkout: Checkout, arguments: list[str]) -> int:
    """Format the source, and fix the lint errors that can be fixed safely."""
    python = str(prepare(checkout))
    paths = arguments or ["."]
    repaired = _hand_over([python, "-m", "ruff", "check", "--fix", "--quiet", *paths], checkout)
    return _hand_over([python, "-m", "ruff", "format", *paths], checkout) or repaired


def check(checkout: Checkout, arguments: list[str]) -> int:
    """Run every step and print one line for each. Returns 1 if a step fails."""
    if arguments:
        print("dev: check takes no arguments", file=sys.stderr)
        return 2
    steps = check_steps(checkout, str(prepare(checkout)))
    failed = []
    with ThreadPoolExecutor(max_workers=len(steps)) as pool:
        for outcome in pool.map(lambda step: _timed(step, checkout), steps):
            print(
                f"{'ok  ' if outcome.code == 0 else 'FAIL'} {outcome.name:<14} {outcome.seconds:6.2f} s",
                flush=True,
            )
            if outcome.code:
                failed.append(outcome.name)
                print(
                    "".join(f"     {line}\n" for line in outcome.output.strip().splitlines()),
                    end="",
                    flush=True,
                )
    if failed:
        advice = "  (./dev fmt repairs the format)" if "ruff format" in failed else ""
        print(f"dev: check failed: {', '.join(failed)}{advice}", file=sys.stderr)
    return 1 if failed else 0


def check_steps(checkout: Checkout, python: str) -> list[Step]:
    """The steps of `check`, for the folders that exist."""
    typed = [name for name in TYPED if (checkout.root / name).exists()]
    return [
        Step("ruff format", [python, "-m", "ruff", "format", "--check", "--quiet", "."]),
        Step("ruff check", [python, "-m", "ruff", "check", "--quiet", "."]),
        Step("import-linter", [python, "-c", LINT_IMPORTS, "--no-logo", "--no-cache"]),
        *(Step(name, [python, f"tools/{name}.py"]) for name in SOURCE_CHECKS),
        Step("pyright", [python, "tools/strict_types.py"]),
        Step("mypy strict", [python, "-m", "mypy", "--no-error-summary", *typed]),
    ]


def test(checkout: Checkout, arguments: list[str]) -> int:
    """Without arguments: run `check`, all tests and coverage. With arguments: run pytest with them."""
    wanted, arguments = _option(arguments, "--python")
    if wanted is not None:
        return _with_python(checkout, wanted, arguments)
    # In CI, run everything. A Python that `test --python` started runs only its own part.
    all_of_it = in_ci() and checkout.folder == ".venv"
    every_python = all_of_it or "--every-python" in arguments
    coverage, divided = all_of_it or "--coverage" in arguments, "--every-python" not in arguments
    arguments = [each for each in arguments if each not in ("--every-python", "--coverage")]
    if not arguments:
        return suite.whole(
            checkout, lambda: check(checkout, []), every_python=every_python, divided=divided,
            coverage=coverage,
        )  # fmt: skip
    if "--matrix" in arguments:
        os.environ["QUOTAKEEPER_MATRIX"] = "full"
        arguments = ["tests/matrix", *(each for each in arguments if each != "--matrix")]
    command = [str(prepare(checkout)), "-m", "pytest"]
    if not any(argument.startswith(NOT_IN_PARALLEL) for argument in arguments):
        command += ["-n", "auto"]
    return _hand_over([*command, *arguments], checkout)


def _with_python(checkout: Checkout, wanted: str, arguments: list[str]) -> int:
    chosen = interpreters.resolve(wanted, checkout.root)
    if chosen is None:
        promised = " ".join(
            f"{major}.{minor}" for major, minor in interpreters.promised(checkout.root)
        )
        raise CheckoutError(
            f"there is no Python {wanted} here (promised: {promised}); name its path"
        )
    return suite.with_interpreter(checkout, chosen, arguments)


def _option(arguments: list[str], name: str) -> tuple[str | None, list[str]]:
    """Split `--name value` or `--name=value` from the arguments.

    Returns the value and the other arguments.
    """
    for place, each in enumerate(arguments):
        if each.startswith(f"{name}="):
            return each.partition("=")[2], arguments[:place] + arguments[place + 1 :]
        if each == name:
            rest = arguments[:place] + arguments[place + 2 :]
            return " ".join(arguments[place + 1 : place + 2]), rest
    return None, arguments


def proof(checkout: Checkout, arguments: list[str]) -> int:
    """Run the parts of the proof (tests/proof)."""
    _existing(checkout, "tests/proof/__main__.py")
    return _hand_over([str(prepare(checkout)), "-m", "tests.proof", *arguments], checkout)


def docs(checkout: Checkout, arguments: list[str]) -> int:
    """Build the site of both languages; fail where a link leads nowhere."""
    if arguments:
        print("dev: docs takes no arguments", file=sys.stderr)
        return 2
    return site.build()


def pictures(checkout: Checkout, arguments: list[str]) -> int:
    """Draw the pictures of the pages; `--check` names those that are out of date."""
    python = str(prepare(checkout))
    names = ("screens",) if arguments else ("screens", "layers", "dashboard")
    scripts = (_existing(checkout, f"scripts/draw_{name}.py") for name in names)
    return max(_hand_over([python, each, *arguments], checkout) for each in scripts)


VERBS: dict[str, Callable[[Checkout, list[str]], int]] = {
    "demo": demo,
    "test": test,
    "proof": proof,
    "check": check,
    "bench": bench,
    "circles": circles,
    "fmt": fmt,
    "docs": docs,
    "pictures": pictures,
}


def _existing(checkout: Checkout, name: str) -> str:
    path = checkout.root / name
    if not path.exists():
        raise CheckoutError(f"there is no {name} in this checkout")
    return str(path)


def _timed(step: Step, checkout: Checkout) -> Outcome:
    started = time.perf_counter()
    finished = subprocess.run(
        step.command,
        cwd=checkout.root,
        env=child_environment(checkout),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    return Outcome(step.name, finished.returncode, time.perf_counter() - started, finished.stdout)


def _hand_over(
    command: list[str], checkout: Checkout, environment: dict[str, str] | None = None
) -> int:
    """Run a command in the foreground, with this terminal.

    Returns 128 plus the number of a fatal signal.
    """
    sys.stdout.flush()
    finished = subprocess.run(
        command, cwd=checkout.root, env=environment or child_environment(checkout), check=False
    )
    return finished.returncode if finished.returncode >= 0 else 128 - finished.returncode
