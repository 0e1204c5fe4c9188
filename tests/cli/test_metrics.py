"""`quotakeeper metrics`: prints or writes the figures, whole or not at all, and creates no ledger."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from quotakeeper.cli.metrics import command
from tests.cli.conftest import CommandLine
from tests.telemetry.prometheus_server import promtool
from tests.telemetry.scraped import scraped


@pytest.fixture
def used(cli: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> CommandLine:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    with cli.keeper() as keeper:
        keeper.record(
            "gemini", model="gemini-2.5-flash", input_tokens=1_000, scope={"key": 'a"\\n'}
        )
    return cli


def test_the_figures_go_to_the_output_or_to_a_file(used: CommandLine, tmp_path: Path) -> None:
    printed = used.run("metrics")
    assert (printed.code, printed.err) == (0, "")
    assert promtool("check", "metrics", given=printed.out) == ""
    out = tmp_path / "quotakeeper.prom"
    out.write_text("old", encoding="utf-8")
    if os.name == "posix":
        out.chmod(0o644)
    written = used.run("metrics", "--out", str(out))
    assert (written.code, written.out, written.err) == (0, "", "")
    assert scraped(out.read_text(encoding="utf-8")) == scraped(printed.out)
    if os.name == "posix":
        assert out.stat().st_mode & 0o777 == 0o644  # another user's collector can go on reading it


def test_a_ledger_that_is_not_there_is_not_created(cli: CommandLine, tmp_path: Path) -> None:
    out = tmp_path / "quotakeeper.prom"
    out.write_text("old", encoding="utf-8")
    ran = cli.run("--ledger", str(tmp_path / "none.db"), "metrics", "--out", str(out))
    assert ran.code != 0 and "none.db" in ran.err and ran.out == ""
    assert out.read_text(encoding="utf-8") == "old"
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize(
    ("language", "expected"),
    [("en", "the counters are not in a file, so they may fall"), ("vi", "bộ đếm không được lưu")],
)
def test_counters_that_cannot_be_kept_are_told(
    used: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, language: str, expected: str
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    for path in (None, blocked / "counters.json"):
        monkeypatch.setattr(command, "counters_path", lambda settings, path=path: path)
        ran = used.run("metrics", "--lang", language)
        assert ran.code == 0 and expected in ran.err
        assert scraped(ran.out)["quotakeeper_counters_kept"] == {(): 0}
