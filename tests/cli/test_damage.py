"""A damaged ledger on the command line: what could be read, then the entry, in both languages."""

from __future__ import annotations

import json
import sqlite3

import pytest

from quotakeeper.errors import LedgerCorruptError
from tests.cli.conftest import CommandLine


@pytest.fixture
def damaged(busy: CommandLine) -> CommandLine:
    """The quantities of call e3 have a letter that no meter has."""
    with sqlite3.connect(busy.ledger) as raw:
        raw.execute("DROP TRIGGER entry_is_never_changed")
        raw.execute(
            "UPDATE entry SET quantities = 'x' || substr(quantities, 2) WHERE quantities IS NOT NULL"
            " AND (id = 'e3' OR ref = (SELECT seq FROM entry WHERE id = 'e3'))"
        )
    raw.close()
    return busy


def test_export_ends_with_the_entry_after_what_could_be_read(damaged: CommandLine) -> None:
    result = damaged.run("export")
    assert [json.loads(line)["id"] for line in result.out.splitlines()] == ["e1", "e2"]
    assert result.code == 1
    assert "error: the ledger is damaged" in result.err
    assert "(call 'e3') cannot be read: its quantities are 'x" in result.err
    assert "quotakeeper verify" in result.err
    out = damaged.folder / "events.csv"
    assert damaged.run("export", "--format", "csv", "--out", str(out)).code == 1
    assert not out.exists()


@pytest.mark.parametrize("lang", ["en", "vi"])
def test_events_prints_the_newer_ones_and_fails(damaged: CommandLine, lang: str) -> None:
    result = damaged.run("--lang", lang, "events")
    assert result.code == 1
    assert len(result.out.splitlines()) > 3  # e5 and e4, with their head and legend
    said = {"en": "cannot be read", "vi": "không đọc được mục"}[lang]
    assert said in result.err and "'e3'" in result.err
    assert {"en": "keep a copy", "vi": "hãy giữ một bản sao"}[lang] in result.err
    as_json = damaged.run("events", "--json")
    assert (as_json.code, as_json.out) == (1, "")


def test_verify_lists_it_and_goes_on(damaged: CommandLine) -> None:
    with sqlite3.connect(damaged.ledger) as raw:
        raw.execute("UPDATE account SET window = 'eon'")
    raw.close()
    result = damaged.run("verify")
    assert result.code == 1
    assert "('e3') cannot be read: its quantities are" in result.out
    assert "eon" in result.out
    for command in ("status", "report", "export", "events"):
        ended = damaged.run(command)
        assert "Traceback" not in ended.err
        assert ended.code == 1 or command == "report"


def test_a_keeper_raises_it_from_every_reading(damaged: CommandLine) -> None:
    with damaged.keeper() as keeper:
        for read in (keeper.events, keeper.entries, lambda: [keeper.event("e3")]):
            with pytest.raises(LedgerCorruptError) as caught:
                list(read())
            assert caught.value.seq
        assert any("'e3'" in problem.what for problem in keeper.verify())
