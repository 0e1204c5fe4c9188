"""The package logs below `quotakeeper`, prints nothing by default, and does not change the root logger."""

from __future__ import annotations

import ast
import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from quotakeeper import Keeper
from quotakeeper.loggers import heard, is_heard, tell

# Runs in a Python without site-packages, so every logger comes from this package or the standard
# library.
USE = """
import importlib, logging, pkgutil, sys
source, folder = sys.argv[1:]
sys.path.insert(0, source)
root = logging.getLogger()
before = (root.level, root.handlers[:], root.filters[:], logging.root.manager.disable)
import quotakeeper
from quotakeeper.calculator import TokenCalculator
from quotakeeper.providers import Request, adapters, recognise
from quotakeeper.testing import FakeClock

for module in pkgutil.walk_packages(quotakeeper.__path__, "quotakeeper."):
    outer = ("quotakeeper.cli", "quotakeeper.__main__", "quotakeeper.dashboard", "quotakeeper.gateway",
             "quotakeeper.http_server")
    if not module.name.startswith(outer):
        importlib.import_module(module.name)
config = {"limit": [{"name": "all", "provider": "gemini", "meter": "tokens", "window": "day", "amount": 10}]}
with quotakeeper.Keeper(folder + "/ledger.db", config, clock=FakeClock("2026-11-23T12:00:00Z")) as keeper:
    keeper.record("gemini", model="gemini-2.5-flash", input_tokens=9)  # passes a threshold: a warning
    with keeper.reserve("gemini", model="gemini-2.5-flash", input_tokens=1) as call:
        call.settle(input_tokens=1)
    keeper.status(), keeper.usage(), keeper.verify(), list(keeper.events())
    quotakeeper.watch(keeper).close()
calculator = TokenCalculator(folder + "/other.db", {})
calculator.track_api_call("translate", "one", "two")
calculator.log_summary()
calculator.export_to_file(folder + "/no such folder/x.json")  # an error is logged
calculator.close()
recognise(Request("POST", "https://api.deepgram.com/v1/listen", {}, b"")), adapters()
after = (root.level, root.handlers[:], root.filters[:], logging.root.manager.disable)
assert after == before, (before, after)
print(*sorted(logging.root.manager.loggerDict))
"""
STANDARD_LIBRARY = {"asyncio", "concurrent", "concurrent.futures"}
ON_THE_ROOT = {
    "basicConfig", "debug", "info", "warning", "error", "critical", "exception", "log",
    "disable", "root", "captureWarnings", "setLoggerClass",
}  # fmt: skip


def test_using_the_package_does_not_change_the_root_logger(
    repository: Path, tmp_path: Path
) -> None:
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", USE, str(repository / "src"), str(tmp_path)],
        capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    names = set(ran.stdout.split()) - STANDARD_LIBRARY
    assert "quotakeeper.calculator" in names
    assert {name for name in names if name.partition(".")[0] != "quotakeeper"} == set()
    warnings = [line for line in ran.stderr.splitlines() if "quotakeeper: warning" in line]
    assert warnings, "a program without logging is warned all the same"
    others = [line for line in ran.stderr.splitlines() if line not in warnings]
    assert len(others) == 1 and "no such folder" in others[0], (
        "the calculator's errors are never lost"
    )


def _calls(tree: ast.Module) -> Iterator[tuple[ast.AST, str, list[ast.expr]]]:
    """The names that a file uses from the module `logging`, with the arguments of each call."""
    arguments = {id(node.func): node.args for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id == "logging":
                yield node, node.attr, arguments.get(id(node), [])
        elif isinstance(node, ast.ImportFrom) and node.module == "logging":
            yield from ((node, alias.name, []) for alias in node.names)


def faults(text: str) -> list[str]:
    """The uses of `logging` in a file that a library must not have."""
    found = []
    for node, name, given in _calls(ast.parse(text)):
        line = getattr(node, "lineno", 0)
        if name in ON_THE_ROOT:
            found.append(f"{line}: logging.{name}")
        elif name == "getLogger":
            named = given[0] if given else None
            if isinstance(named, ast.Name) and named.id == "TOP":
                continue
            value = named.value if isinstance(named, ast.Constant) else None
            if not (isinstance(value, str) and value.startswith("quotakeeper.")):
                found.append(f"{line}: logging.getLogger of {value!r}")
    return found


def test_every_logger_in_the_source_is_below_quotakeeper(repository: Path) -> None:
    source = repository / "src"
    found = {
        path.relative_to(source).as_posix(): faults(path.read_text(encoding="utf-8"))
        for path in source.rglob("*.py")
    }
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "text",
    [
        "logging.basicConfig()", "logging.getLogger()", "logging.getLogger('other')",
        "logging.getLogger(__name__)", "logging.warning('x')", "logging.root.handlers",
        "from logging import basicConfig",
    ],
)  # fmt: skip
def test_the_check_finds_code_that_changes_the_root_logger(text: str) -> None:
    assert faults(f"import logging\n{text}\n") != []


def test_the_package_has_a_null_handler() -> None:
    assert Keeper.__module__.startswith("quotakeeper")
    top = logging.getLogger("quotakeeper")
    assert [type(handler) for handler in top.handlers] == [logging.NullHandler]
    assert (top.level, top.propagate) == (logging.NOTSET, True)


logger = logging.getLogger("quotakeeper.engine")


@contextmanager
def without_logging() -> Iterator[None]:
    """A program without logging set up. pytest adds handlers to the root logger in each test."""
    root = logging.getLogger()
    handlers, root.handlers[:] = root.handlers[:], []
    try:
        yield
    finally:
        root.handlers[:] = handlers


def test_nothing_is_printed_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    with without_logging():
        logger.error("quiet")
        assert capsys.readouterr().err == ""
        tell(logger, logging.ERROR, "calls pass uncounted: %s", "why", error=ValueError("odd"))
        assert capsys.readouterr().err == "calls pass uncounted: why\nValueError: odd\n"
        tell(logger, logging.INFO, "no matter")
        assert capsys.readouterr().err == ""


def test_a_logged_message_is_not_printed_too(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    tell(logger, logging.ERROR, "once")
    (record,) = caplog.records
    assert record.getMessage() == "once"
    assert record.funcName == "test_a_logged_message_is_not_printed_too"
    assert capsys.readouterr().err == ""


def test_a_command_shows_warnings_while_it_runs(capsys: pytest.CaptureFixture[str]) -> None:
    with without_logging():
        with heard():
            assert is_heard(logger)
            logger.warning("seen")
        assert not is_heard(logger)
    assert capsys.readouterr().err == "seen\n"
