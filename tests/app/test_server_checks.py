"""What is said of a server follows from its settings. Needs no server."""

from __future__ import annotations

from typing import Any

import pytest

from quotakeeper.app.server_checks import server_findings
from quotakeeper.app.setup_checks import Finding, in_english
from quotakeeper.cli.text.vietnamese import VIETNAMESE
from quotakeeper.stores.postgres.administration import ServerFacts
from quotakeeper.value_classes import replace

GOOD = ServerFacts(
    version="18.1", version_number=180_001, encoding="UTF8", fsync=True, full_page_writes=True,
    synchronous_commit="on", standby_names="FIRST 1 (s1)", in_recovery=False,
    is_read_only=False, user="lan",
    is_local=False, has_tls=True, most_connections=100, connections=7, may_create=False,
    clock_ahead_us=-2_000_000, reads=True, writes=True,
)  # fmt: skip
CASES: list[tuple[str, dict[str, Any], str, str]] = [
    ("server", {"version_number": 149_999, "version": "14.9"}, "fail", "14.9 is too old"),
    ("server", {"encoding": "LATIN1"}, "fail", "LATIN1"),
    ("server", {"in_recovery": True}, "fail", "standby"),
    ("server", {"is_read_only": True}, "fail", "is set to read-only"),
    ("ledger", {"is_too_old": True}, "fail", "has an older schema than this quotakeeper needs"),
    ("ledger", {"is_too_new": True}, "fail", "only from newer versions of quotakeeper"),
    ("ledger", {"writes": False}, "warn", "lan can only read it"),
    ("ledger", {"writes": False, "reads": False}, "fail", "no right"),
    ("ledger", {"writes": None, "reads": None, "may_create": True}, "note", "does not exist yet"),
    ("ledger", {"writes": None, "reads": None}, "fail", "has no right to create it"),
    ("ledger", {"moved_to": "new.db"}, "fail", "is frozen: it was moved to new.db"),
    ("durability", {"fsync": False}, "fail", "fsync is off"),
    ("durability", {"full_page_writes": False}, "fail", "full_page_writes is off"),
    ("durability", {"synchronous_commit": "off"}, "warn", "may lose the last calls"),
    ("failover", {"standby_names": ""}, "note", "may lose acknowledged calls"),
    ("failover", {"synchronous_commit": "local"}, "warn", "local"),
    ("failover", {"synchronous_commit": "remote_write"}, "warn", "remote_write"),
    ("failover", {"synchronous_commit": "remote_apply"}, "ok", "loses no call"),
    ("connection", {"has_tls": False}, "warn", "not encrypted"),
    ("connection", {"has_tls": False, "is_local": True}, "ok", "not leave this machine"),
    ("clock", {"clock_ahead_us": 5_000_001}, "warn", "ahead"),
    ("clock", {"clock_ahead_us": -60_000_000}, "warn", "behind"),
    ("connections", {"connections": 90}, "warn", "90 of 100"),
]


def found(facts: ServerFacts) -> dict[str, Finding]:
    return {each.name: each for each in server_findings("postgresql://db/team", facts)}


def test_a_good_server_has_nothing_to_mend() -> None:
    assert {name: each.state for name, each in found(GOOD).items()} == dict.fromkeys(
        ("server", "ledger", "durability", "failover", "connection", "clock", "connections"), "ok"
    )


@pytest.mark.parametrize(("name", "changed", "state", "text"), CASES)
def test_each_setting_is_told(name: str, changed: dict[str, Any], state: str, text: str) -> None:
    others, told = found(GOOD), found(replace(GOOD, **changed))
    finding = told.pop(name)
    said, fix = finding.said(in_english)
    assert finding.state == state
    assert text in said
    assert bool(fix) == (state in ("warn", "fail"))
    assert {key: each.state for key, each in told.items()} == {
        key: "warn"
        if (key, changed.get("synchronous_commit")) == ("failover", "off")
        else each.state
        for key, each in others.items()
        if key != name
    }


def test_all_of_it_has_its_vietnamese() -> None:
    for _, changed, _, _ in [*CASES, ("", {}, "", "")]:
        for each in found(replace(GOOD, **changed)).values():
            assert {each.name, each.text, each.fix} - {""} <= VIETNAMESE.keys()
