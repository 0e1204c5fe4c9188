"""A ledger that members of a Unix group share: two users use one limit, and other users get an error."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from quotakeeper import Keeper, LimitExceeded
from quotakeeper.errors import ConfigError, LedgerUnavailableError
from quotakeeper.file_sharing import group_id, group_name, share
from quotakeeper.stores.sqlite import files
from tests.engine.support import config, limit
from tests.noon import zone_at_noon
from tests.users import User, needs_users

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no groups of this kind")
TEAM = 47_100
ALICE, BOB = User(47_101, (47_101, TEAM)), User(47_102, (47_102, TEAM))
MALLORY = User(47_103, (47_103,))


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user can reach and that ALICE owns."""
    path = Path(tempfile.mkdtemp())
    path.chmod(0o755)
    if os.geteuid() == 0:
        os.chown(path, ALICE.uid, ALICE.uid)
    yield path
    shutil.rmtree(path)


@pytest.fixture(autouse=True)
def team(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A group that no file of this machine defines."""
    # The other users may not read root's Python, so all modules are loaded before.
    path = tmp_path_factory.mktemp("loaded") / "ledger.db"
    draw(path, 95, "4", shared=False)
    draw_the_rest(path, 5, shared=False)
    with suppress(LedgerUnavailableError):
        files.create_file(path / "below" / "a file", os.getegid())
    monkeypatch.setattr("quotakeeper.file_sharing.group_id", lambda name: {"team": TEAM}[name])


def opened(path: Path, lease: str = "off", *, shared: bool = True) -> Keeper:
    ledger = {"path": str(path), **({"group": "team"} if shared else {})}
    settings = config(limit(100), ledger=ledger, timezone=zone_at_noon())
    return Keeper(config=settings, durability="process", lease=lease, on_busy="refuse")


def draw(path: Path, calls: int, lease: str = "off", *, shared: bool = True) -> None:
    with opened(path, lease, shared=shared) as keeper:
        for _ in range(calls):
            keeper.reserve("gemini", model="gemini-2.0-flash").settle(requests=1)


def draw_the_rest(path: Path, expected: int, *, shared: bool = True) -> None:
    with opened(path, shared=shared) as keeper:
        admitted = 0
        with pytest.raises(LimitExceeded):
            while True:
                keeper.reserve("gemini", model="gemini-2.0-flash").settle(requests=1)
                admitted += 1
        assert admitted == expected
        assert keeper.verify() == []


def modes(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        path.relative_to(folder).as_posix(): (stat.S_IMODE(path.stat().st_mode), path.stat().st_gid)
        for path in folder.rglob("*")
    }


@needs_users
@pytest.mark.parametrize("lease", ["off", "4"])
def test_two_users_share_one_limit(folder: Path, lease: str) -> None:
    path = folder / "team" / "ledger.db"
    ALICE.run(lambda: draw(path, 30, lease))
    BOB.run(lambda: draw(path, 40, lease))
    ALICE.run(lambda: draw_the_rest(path, 30))
    BOB.run(lambda: draw_the_rest(path, 0))


@needs_users
def test_every_file_beside_the_ledger_belongs_to_the_group_only(folder: Path) -> None:
    path = folder / "team" / "ledger.db"

    def look() -> None:
        with opened(path, "4") as keeper:
            for _ in range(5):
                keeper.reserve("gemini", model="gemini-2.0-flash").settle(requests=1)
            found = modes(folder)
            kinds = {name.partition("ledger.db")[2][:6] for name in found if "ledger.db" in name}
            assert {"", "-wal", "-shm", ".lock", "-owner", ".lease", ".recal"} <= kinds
            for name, (mode, group) in found.items():
                assert group == TEAM, name
                assert mode == (0o2770 if (folder / name).is_dir() else 0o660), (name, oct(mode))

    ALICE.run(look)


@needs_users
def test_a_member_whose_program_names_no_group_creates_shared_files(folder: Path) -> None:
    path = folder / "team" / "ledger.db"
    ALICE.run(lambda: draw(path, 1))
    BOB.run(lambda: draw(path, 9, "4", shared=False))
    ALICE.run(lambda: draw_the_rest(path, 90))


@needs_users
def test_only_the_owner_can_share_a_private_ledger(folder: Path) -> None:
    home = folder / "team"
    home.mkdir()
    os.chown(home, ALICE.uid, TEAM)
    home.chmod(0o2770)
    path = home / "ledger.db"
    ALICE.run(lambda: draw(path, 2, shared=False))
    assert modes(home)["ledger.db"][0] == 0o600

    def refused() -> None:
        with opened(path) as keeper, pytest.raises(LedgerUnavailableError) as caught:
            keeper.reserve("gemini", model="gemini-2.0-flash")
        assert (
            f"user uid {BOB.uid} has no right to write to ledger.db (owner uid {ALICE.uid}, "
            f"group gid {TEAM}, mode 0600)" in caught.value.problem
        )
        assert "ask its owner to share it" in caught.value.fix

    BOB.run(refused)
    ALICE.run(lambda: draw(path, 1))
    BOB.run(lambda: draw_the_rest(path, 97))


@needs_users
def test_a_user_outside_the_group_is_told_the_owner(folder: Path) -> None:
    path = folder / "team" / "ledger.db"
    ALICE.run(lambda: draw(path, 1))

    def refused() -> None:
        with opened(path, shared=False) as keeper, pytest.raises(LedgerUnavailableError) as caught:
            keeper.reserve("gemini", model="gemini-2.0-flash")
        assert (
            f"user uid {MALLORY.uid} has no right to enter the folder {path.parent} "
            f"(owner uid {ALICE.uid}, group gid {TEAM}, mode 2770)" in caught.value.problem
        )

    MALLORY.run(refused)


@needs_users
def test_a_folder_outside_the_group_is_refused_with_the_command_that_fixes_it(
    folder: Path,
) -> None:
    path = folder / "ledger.db"

    def refused() -> None:
        with opened(path) as keeper, pytest.raises(LedgerUnavailableError) as caught:
            keeper.reserve("gemini", model="gemini-2.0-flash")
        assert caught.value.fix == f"chgrp gid {TEAM} {folder} && chmod 2770 {folder}"

    ALICE.run(refused)
    assert list(folder.iterdir()) == []


def test_a_private_ledger_stays_private(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    before = os.umask(0)
    try:
        draw(path, 2, "4", shared=False)
    finally:
        os.umask(before)
    assert {mode & 0o077 for mode, _ in modes(tmp_path).values()} == {0}


def test_sharing_follows_no_link_beside_the_ledger(tmp_path: Path) -> None:
    path, outside = tmp_path / "ledger.db", tmp_path / "precious"
    files.create_file(path)
    outside.write_text("x")
    outside.chmod(0o600)
    (tmp_path / "ledger.db-notes").symlink_to(outside)
    share(path, os.getegid())
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    assert stat.S_IMODE(outside.stat().st_mode) == 0o600


def test_a_group_name_is_looked_up_on_the_machine() -> None:
    name = group_name(os.getegid())
    assert group_id(name) == os.getegid()
    with pytest.raises(ConfigError, match="no group 'no-such-group'"):
        group_id("no-such-group")
