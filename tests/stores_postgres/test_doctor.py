"""`doctor` and `ledger check` name a lost host, a lost disk, and a server that lost the ledger."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from quotakeeper import Keeper
from quotakeeper.__main__ import main
from quotakeeper.app.lease_holders import (
    ASSUMED,
    HeldLease,
    LeaseReport,
    LostHost,
    lost_host_findings,
)
from quotakeeper.app.server_doubts import missing_findings
from quotakeeper.cli import context
from quotakeeper.cli.text.vietnamese import VIETNAMESE
from quotakeeper.stores.postgres.dsn import ServerAddress
from quotakeeper.testing import FakeClock
from quotakeeper.testing.ledger_case import LABELS
from tests.stores_postgres.lease_limits import MakeHost, assumed, call, kill, sums, use_up
from tests.stores_postgres.test_went_back import execute

# On the machine of this name, with this data folder: what the command says under this heading.
Say = Callable[..., list[tuple[str, str, str]]]


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Gives this machine a name."""

    def name(host: str) -> None:
        for module in ("server_store", "app.lease_holders"):
            monkeypatch.setattr(f"quotakeeper.{module}.host_name", lambda: host)

    return name


@pytest.fixture
def hosts(
    host: MakeHost, ledger_url: str, tmp_path: Path, named: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> Say:  # fmt: skip
    """Runs `doctor` on a machine, and returns state, text and fix of its findings about hosts."""
    monkeypatch.setenv("QUOTAKEEPER_LEDGER", ledger_url)

    def say(folder: str) -> list[tuple[str, str, str]]:
        named(f"{folder}-box")
        monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / folder))
        monkeypatch.setattr(context, "open_keeper", lambda session: host(folder))
        capsys.readouterr()
        main(["doctor", "--json"])
        findings = json.loads(capsys.readouterr().out)["findings"]
        return [(each["state"], each["text"], each["fix"]) for each in findings
                if each["name"] == "hosts"]  # fmt: skip

    return say


def test_a_lost_host_is_named_until_it_has_booked_its_calls(
    host: MakeHost, hosts: Say, named: Callable[[str], None], clock: FakeClock
) -> None:
    nothing = [("ok", "no lost host has leases", "")]
    named("one-box")
    one = host("one", "18")
    call(one, 3)
    assert hosts("desk") == nothing  # it runs
    kill(one)
    clock.advance(seconds=31)
    ((state, text, fix),) = hosts("desk")
    assert (state, "quotakeeper leases --write-off one-box" in fix) == ("warn", True)
    assert (
        text == "lost: one-box, last seen 2026-11-23T12:00:00Z; open leases: 1, counted as used: 0"
    )
    clock.advance(seconds=30)
    named("two-box")
    two = host("two")
    assert use_up(two) == 82
    assert assumed(two) == [18]
    ((state, text, _),) = hosts("desk")
    assert (state, "leases counted as used: 1; a program that starts there" in text) == (
        "note", True,
    )  # fmt: skip
    assert hosts("one") == nothing  # the doctor there reads the journal
    assert sums(two) == (85, 0)
    assert two.verify() == []


def test_a_lost_disk_is_named_on_its_machine(
    host: MakeHost, hosts: Say, named: Callable[[str], None], clock: FakeClock, tmp_path: Path
) -> None:
    named("one-box")
    one = host("one", "18")
    call(one, 3)
    kill(one)
    shutil.rmtree(tmp_path / "one")
    clock.advance(seconds=61)
    named("two-box")
    assert use_up(host("two")) == 82
    ((state, text, fix),) = hosts("one")
    assert (state, "has no files of its lost processes" in text) == ("warn", True)
    assert text.endswith("count as used: 1")
    assert f"restore the folder {tmp_path / 'one'}" in fix
    ((state, text, _),) = hosts("desk")
    assert (state, text.startswith("lost: one-box")) == ("note", True)


def test_a_server_that_lost_the_ledger_is_named(
    ledger: ServerAddress, ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    def history(*words: str) -> tuple[int, list[dict[str, Any]]]:
        capsys.readouterr()
        code = main(["--ledger", ledger_url, *words, "--json"])
        found = json.loads(capsys.readouterr().out)["findings"]
        return code, [each for each in found if each["name"] == "history"]

    config = {"default_limits": False, "timezone": "UTC"}
    execute(ledger, 'DROP SCHEMA "FROM" CASCADE')
    assert history("ledger", "check")[1] == []  # nothing was seen there yet
    with Keeper(ledger_url, config) as keeper:
        keeper.record("gemini", input_tokens=7)
    execute(ledger, 'DROP SCHEMA "FROM" CASCADE')
    code, (found,) = history("ledger", "check")
    assert (code, found["state"]) == (1, "fail")
    assert found["text"].startswith("the server has no such ledger any more: this machine has seen")
    assert "restore the newest backup before a program makes a new ledger" in found["fix"]
    limits = 'default_limits = false\n[[limit]]\nname = "an"\nmeter = "input_tokens"\n'
    limits += 'window = "day"\namount = 9\nscope = { team = "films" }\n'
    (tmp_path / "quotakeeper.toml").write_text(limits)
    monkeypatch.chdir(tmp_path)
    assert history("doctor") == (1, [found])
    assert history("doctor") == (1, [found])  # the look before has made no ledger
    with Keeper(ledger_url, config) as keeper:
        keeper.record("gemini", input_tokens=7)
    code, (found,) = history("doctor")
    assert (code, found["state"], "the ledger went back" in found["text"]) == (1, "fail", True)


def test_all_of_it_has_its_vietnamese(named: Callable[[str], None], tmp_path: Path) -> None:
    named("one-box")
    lease = HeldLease("a", "one-box", "1-a", ASSUMED, LABELS, 1, None, {}, None, ())
    lost = (LostHost("two-box", 1, 1, 0), LostHost("six-box", 1, 0, 1))
    found = [
        *lost_host_findings(LeaseReport((), ()), None),
        *lost_host_findings(LeaseReport((lease,), lost), tmp_path / "none"),
    ]
    assert [each.state for each in found] == ["ok", "warn", "warn", "note"]
    found += missing_findings(5)
    for each in found:
        assert {each.name, each.text, each.fix} - {""} <= VIETNAMESE.keys()
