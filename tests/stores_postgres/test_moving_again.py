"""A move away from a server: what it refuses, and what does not end its freeze."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from quotakeeper import Keeper
from quotakeeper.clocks import zone_named
from quotakeeper.config import load_settings
from quotakeeper.errors import InvalidInputError, LedgerUnavailableError, OutcomeUnknownError
from quotakeeper.stores.postgres import moving
from quotakeeper.stores.postgres.dialect import PostgresSession
from quotakeeper.stores.postgres.driver import open_connection
from quotakeeper.stores.postgres.dsn import parse_dsn
from quotakeeper.stores.postgres.migrations import prepare
from quotakeeper.stores.postgres.moving import frozen, take_over, unfreeze
from quotakeeper.stores.sqlite.moving import take_over_to_file
from quotakeeper.wiring import host_files
from tests.stores_postgres.test_moving_back import NO_LIMITS, cli, new_url


def end_connection(server: str, pid: int) -> None:
    with closing(open_connection(parse_dsn(server + "x").parameters, prepares=False)) as other:
        other.execute("SELECT pg_terminate_backend(%s::integer, 10000)", (pid,))


@pytest.fixture
def url(server: str) -> str:
    """The URL of a ledger on the server that has one call."""
    url = new_url(server)
    with Keeper(url, NO_LIMITS) as keeper:
        keeper.record("gemini", model="gemini-2.0-flash", input_tokens=7, event_id="a")
    return url


def refuses_calls(url: str) -> bool:
    with Keeper(url, NO_LIMITS) as keeper:
        try:
            keeper.record("gemini", model="gemini-2.0-flash", input_tokens=7)
        except LedgerUnavailableError:
            return True
    return False


@pytest.mark.parametrize("lang", ["en", "vi"])
def test_a_second_move_is_refused_and_changes_nothing(
    server: str, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], lang: str
) -> None:
    first = tmp_path / "first.db"
    assert cli(capsys, "--ledger", first, "ledger", "move", "--from", url)[0] == 0
    used = new_url(server)
    with Keeper(used, NO_LIMITS) as keeper:
        keeper.record("gemini", model="gemini-2.0-flash", input_tokens=7, event_id="other")
    for target in (used, str(tmp_path / "second.db")):
        code, _, err = cli(
            capsys, "--lang", lang, "--ledger", target, "ledger", "move", "--from", url
        )
        said = f"was moved to {first}" if lang == "en" else f"đã được chuyển sang {first}"
        assert (code, said in err, "ledger unfreeze" in err) == (2, True, True), err
        assert refuses_calls(url)
    assert not (tmp_path / "second.db").exists()
    assert unfreeze(parse_dsn(url)) == str(first)
    assert not refuses_calls(url)


def test_a_failed_move_leaves_the_freeze_of_a_later_one(url: str) -> None:
    address = parse_dsn(url)
    with pytest.raises(ZeroDivisionError), frozen(address, "target"):
        assert unfreeze(address) == "target"
        with frozen(address, "target"):  # by another process, to the same target
            pass
        raise ZeroDivisionError
    assert refuses_calls(url)
    assert unfreeze(address) == "target"


def test_two_moves_at_once_freeze_once(url: str) -> None:
    address = parse_dsn(url)
    with frozen(address, "one"):
        with (
            pytest.raises(InvalidInputError, match="was moved to one"),
            frozen(address, "other"),
        ):
            pytest.fail("the ledger is frozen already")
        assert refuses_calls(url)
    assert refuses_calls(url)


class LostAtCommit:
    """A connection that the server ends before a commit, or whose process gets Ctrl-C after one."""

    def __init__(self, raw: Any, server: str, when: str) -> None:
        self.raw, self._server, self._when = raw, server, when

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw, name)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        if self._when == "before":
            with self.raw.transaction():
                yield
                end_connection(self._server, self.raw.info.backend_pid)
            return
        with self.raw.transaction():
            yield
        raise KeyboardInterrupt


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_server_stays_frozen_if_the_commit_of_the_copy_is_not_known(
    server: str, url: str, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    source, target_url = parse_dsn(url), new_url(server)
    real = open_connection

    def opened(parameters: dict[str, str], *, prepares: bool) -> object:
        return LostAtCommit(real(parameters, prepares=prepares), server, when)

    expected = pytest.raises(OutcomeUnknownError, match="if the new ledger has the calls, use it")
    with expected, frozen(source, "target") as ledger, monkeypatch.context() as patched:
        patched.setattr(moving, "open_connection", opened)
        patched.setattr(moving, "prepare", lambda raw, address: prepare(raw.raw, address))
        take_over(ledger, parse_dsn(target_url), zone_named)
    assert refuses_calls(url)
    with Keeper(target_url, NO_LIMITS) as keeper:
        assert len(list(keeper.events())) == (0 if when == "before" else 1)
    assert unfreeze(source) == "target"


def test_a_server_stays_frozen_if_its_connection_ends_after_the_copy(
    server: str, url: str, tmp_path: Path
) -> None:
    file = tmp_path / "new.db"
    with frozen(parse_dsn(url), str(file)) as ledger:
        take_over_to_file(ledger, file, zone_named)
        assert isinstance(ledger.session, PostgresSession)
        end_connection(server, ledger.session.connection.raw.info.backend_pid)
    assert refuses_calls(url)
    with Keeper(file, NO_LIMITS) as keeper:
        assert [event.id for event in keeper.events()] == ["a"]


@pytest.mark.parametrize("kind", ["spool", "lease", "ended", "bad"])
def test_calls_that_this_host_has_not_written_yet_are_not_left_behind(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    kind: str,
) -> None:  # fmt: skip
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    beside = host_files(load_settings(url, {"default_limits": False}, os.environ))
    assert beside is not None
    beside.parent.mkdir(parents=True)
    left = beside.with_name(f"{beside.name}.{kind}-x")
    left.write_text("{}\n", encoding="utf-8")
    new = tmp_path / "new.db"
    code, _, err = cli(capsys, "--ledger", new, "ledger", "move", "--from", url)
    assert (code, "does not yet contain all calls" in err, left.name in err) == (2, True, True), err
    assert not new.exists()
    left.unlink()
    assert not refuses_calls(url)
    assert cli(capsys, "--ledger", new, "ledger", "move", "--from", url)[0] == 0
