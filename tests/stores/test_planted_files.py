"""Files that another user has put at the path of a ledger, or beside it."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from quotakeeper.app.records.atomic_file import write_file
from quotakeeper.calculator import TokenCalculator
from quotakeeper.clocks import zone_named
from quotakeeper.domain.ledger import commands as c
from quotakeeper.engine.journals.spool import Spool
from quotakeeper.errors import InvalidInputError, LedgerUnavailableError
from quotakeeper.file_safety import followed, open_ours, why_not_ours
from quotakeeper.stores.sqlite.connection import connect_read_only
from quotakeeper.stores.sqlite.store import SqliteStore
from quotakeeper.testing.clock import FakeClock
from quotakeeper.testing.ledger_case import LABELS, tokens

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no owners of this kind")
NOW = FakeClock().now()
SOMEBODY = 47_114_711
Foreign = Callable[[Path], Path]


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A folder like /tmp."""
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o1777)
    return folder


@pytest.fixture
def foreign(monkeypatch: pytest.MonkeyPatch) -> Foreign:
    """Make a file the property of another user."""

    def give_away(path: Path) -> Path:
        if os.geteuid() == 0:
            os.chown(path, SOMEBODY, SOMEBODY, follow_symlinks=False)
        else:  # without root, this process pretends to be another user
            monkeypatch.setattr(os, "geteuid", lambda: SOMEBODY)
        return path

    return give_away


def book(path: Path) -> None:
    with closing(SqliteStore(path, zone_named, owner="alice", durability="process")) as store:
        store.apply([c.Record("a", LABELS, tokens(1))], NOW)


def planted(path: Path, kind: str, target: Path) -> Path:
    if kind == "link":
        target.write_bytes(b"")
        path.symlink_to(target)
    else:
        path.touch(mode=0o666)
    return path


@pytest.mark.parametrize("kind", ["file", "link"])
@pytest.mark.parametrize("end", ["", "-wal", "-shm", ".lock"])
def test_a_file_planted_by_another_user_is_refused_and_not_changed(
    shared: Path, tmp_path: Path, foreign: Foreign, kind: str, end: str
) -> None:
    path, target = shared / "ledger.db", tmp_path / "precious"
    foreign(planted(shared / f"ledger.db{end}", kind, target))
    with pytest.raises(LedgerUnavailableError, match=r"another user|symbolic link"):
        book(path)
    if kind == "link":
        assert target.read_bytes() == b""
    else:
        assert (shared / f"ledger.db{end}").read_bytes() == b""


def test_a_planted_file_is_refused_to_readers_too(shared: Path, foreign: Foreign) -> None:
    book(shared / "ledger.db")
    foreign(shared / "ledger.db")
    with pytest.raises(LedgerUnavailableError, match="in a folder that every user can write to"):
        connect_read_only(shared / "ledger.db")


def test_links_by_the_same_user_lead_to_one_set_of_files(shared: Path, tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (shared / "folder").symlink_to(real)
    book(shared / "folder" / "ledger.db")
    (shared / "link.db").symlink_to(real / "ledger.db")
    assert followed(shared / "link.db") == (real / "ledger.db").resolve()
    book(followed(shared / "link.db"))
    assert not (shared / "link.db.lock").exists()


def test_another_users_ledger_in_ones_own_folder_is_used(tmp_path: Path, foreign: Foreign) -> None:
    """Root and members of a group do this. The modes of the folder decide who may."""
    book(tmp_path / "ledger.db")
    tmp_path.chmod(0o770)
    assert why_not_ours(foreign(tmp_path / "ledger.db")) == ""


def test_a_file_beside_a_ledger_is_never_opened_through_a_link(tmp_path: Path) -> None:
    """Files beside a ledger are never links, even in a folder that only this user can write to."""
    target = tmp_path / "precious"
    target.write_bytes(b"precious")
    (tmp_path / "ledger.db.lock").symlink_to(target)
    with pytest.raises(LedgerUnavailableError):
        book(tmp_path / "ledger.db")
    with pytest.raises(OSError, match="symbolic"):
        open_ours(tmp_path / "ledger.db.lock", os.O_RDWR)
    assert target.read_bytes() == b"precious"


def test_a_planted_spool_is_neither_booked_nor_moved(shared: Path, foreign: Foreign) -> None:
    planted_spool = shared / "ledger.db.spool-x"
    planted_spool.write_text("{}")
    foreign(planted_spool)
    spool = Spool(shared / "ledger.db", "me")
    spool.look()
    spool.replay(lambda commands: pytest.fail("it was booked"))
    assert planted_spool.read_text() == "{}"


def test_exported_files_are_readable_by_their_owner_alone_under_any_umask(
    shared: Path, tmp_path: Path, foreign: Foreign
) -> None:
    before = os.umask(0o000)
    try:
        out = tmp_path / "events.csv"
        write_file(out, lambda stream: stream.write("x"))
        assert stat.S_IMODE(out.stat().st_mode) == 0o600
        out.chmod(0o644)
        write_file(out, lambda stream: stream.write("y"))
        assert stat.S_IMODE(out.stat().st_mode) == 0o644  # an existing file keeps its mode
        assert TokenCalculator().export_to_file(tmp_path / "run.json")
        assert stat.S_IMODE((tmp_path / "run.json").stat().st_mode) == 0o600
    finally:
        os.umask(before)
    target = tmp_path / "precious"
    foreign(planted(shared / "events.csv", "link", target))
    with pytest.raises(InvalidInputError, match="another user"):
        write_file(shared / "events.csv", lambda stream: stream.write("x"))
    assert target.read_bytes() == b""
