"""`quotakeeper backup`: a copy that is whole and sound, made while others write."""

from __future__ import annotations

import json
import os
import stat
import sys
import threading
from pathlib import Path

import pytest

from quotakeeper import Keeper
from quotakeeper.domain.ports import Problem
from quotakeeper.errors import LedgerUnavailableError
from quotakeeper.stores.sqlite.store import SqliteStore
from tests.cli.conftest import CommandLine


def test_the_copy_is_a_ledger_of_its_own(busy: CommandLine) -> None:
    result = busy.run("backup", "--out", "copy.db")
    assert (result.code, result.err) == (0, "")
    size = (busy.folder / "copy.db").stat().st_size
    assert result.out.splitlines() == [
        f"copied to copy.db: {size:,} bytes",
        "the copy has no problems: its journal gives the same balances",
    ]
    assert sorted(path.name for path in busy.folder.glob("*copy*")) == ["copy.db"], "one file"
    there = busy.run("status", "--ledger", "copy.db").out
    assert there == busy.run("status").out
    assert busy.run("verify", "--ledger", "copy.db").code == 0


def test_without_a_name_it_stands_beside_the_ledger(busy: CommandLine) -> None:
    record = json.loads(busy.run("backup", "--json").out)
    assert record["file"] == str(busy.folder / "ledger-20261123-124503.backup.db")
    assert (record["ok"], record["problems"]) == (True, [])
    assert record["bytes"] == Path(record["file"]).stat().st_size
    (busy.folder / "copies").mkdir()
    assert busy.run("backup", "--out", "copies").code == 0
    assert (busy.folder / "copies" / "ledger-20261123-124503.backup.db").is_file()


@pytest.mark.skipif(sys.platform == "win32", reason="file modes are POSIX")
def test_the_copy_is_for_its_owner_alone(busy: CommandLine) -> None:
    before = os.umask(0)
    try:
        busy.run("backup", "--out", "copy.db")
    finally:
        os.umask(before)
    assert stat.S_IMODE((busy.folder / "copy.db").stat().st_mode) == 0o600


def test_a_file_in_the_way_is_kept(busy: CommandLine) -> None:
    (busy.folder / "copy.db").write_text("mine", encoding="utf-8")
    result = busy.run("backup", "--out", "copy.db")
    assert result.code == 2
    assert "--force" in result.err
    assert (busy.folder / "copy.db").read_text(encoding="utf-8") == "mine"
    assert busy.run("backup", "--out", "copy.db", "--force").code == 0
    assert busy.run("verify", "--ledger", "copy.db").code == 0


@pytest.mark.parametrize("name", ["ledger.db", "ledger.db-wal", "ledger.db.lock"])
def test_the_ledger_itself_is_never_written_over(busy: CommandLine, name: str) -> None:
    assert busy.run("backup", "--out", name, "--force").code == 2
    assert busy.run("verify").code == 0


def test_where_there_is_nothing_to_copy_it_says_so(cli: CommandLine) -> None:
    assert "there is no ledger" in cli.run("backup").err
    assert not cli.ledger.exists()
    result = cli.run("backup", "--ledger", "memory:")
    assert (result.code, result.out) == (2, "")
    assert "memory of one process" in result.err
    cli.run("status")
    assert "there is no folder" in cli.run("backup", "--out", "absent/copy.db").err


def test_a_copy_with_problems_is_kept_and_told(busy: CommandLine) -> None:
    problems = [Problem("account 1: 5 settled, the journal says 4")]
    busy.environment.setattr(SqliteStore, "verify", lambda self: problems)
    result = busy.run("backup", "--out", "copy.db")
    assert result.code == 1
    assert result.out.endswith(
        "the copy has 1 problem:\n  account 1: 5 settled, the journal says 4\n"
    )
    assert (busy.folder / "copy.db").exists()


def test_what_cannot_be_copied_leaves_nothing_behind(busy: CommandLine) -> None:
    def full(self: SqliteStore, to: str) -> None:
        Path(to).write_bytes(b"half")
        raise LedgerUnavailableError(to, "the disk is full")

    busy.environment.setattr(SqliteStore, "back_up", full)
    assert busy.run("backup", "--out", "copy.db").code == 69
    assert [path.name for path in busy.folder.iterdir() if "copy" in path.name] == []


def test_every_copy_is_sound_while_others_write(cli: CommandLine) -> None:
    copies, stop = 5, threading.Event()
    written = threading.Semaphore(0)

    def write() -> None:
        with Keeper(cli.ledger, durability="process") as keeper:
            while not stop.is_set():
                call = keeper.reserve("gemini", model="gemini-2.5-flash", input_tokens=100)
                call.settle(input_tokens=90, output_tokens=1)
                written.release()

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    try:
        for number in range(copies):
            assert written.acquire(timeout=30)
            result = cli.run("backup", "--out", f"copy-{number}.db")
            assert (result.code, "no problems" in result.out) == (0, True), result
    finally:
        stop.set()
        for writer in writers:
            writer.join(30)
    counts = [
        json.loads(cli.run("report", "--json", "--ledger", f"copy-{n}.db").out)["totals"]["calls"]
        for n in range(copies)
    ]
    assert counts == sorted(counts)
    assert counts[0] >= 1
