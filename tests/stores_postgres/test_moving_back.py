"""A ledger moves from a server to a file, and from file to file; its server takes no calls then."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from itertools import count
from pathlib import Path
from random import Random

import pytest

from quotakeeper import Keeper
from quotakeeper.__main__ import main
from quotakeeper.clocks import zone_named
from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ports import Store
from quotakeeper.errors import LedgerUnavailableError
from quotakeeper.stores.postgres.driver import open_connection
from quotakeeper.stores.postgres.dsn import ServerAddress, parse_dsn
from quotakeeper.stores.postgres.moving import frozen, take_over, unfreeze
from quotakeeper.stores.postgres.store import PostgresStore
from quotakeeper.stores.sql import copying
from quotakeeper.stores.sqlite import moving as file_moving
from quotakeeper.stores.sqlite.moving import take_over_to_file
from quotakeeper.stores.sqlite.sole_reader import SoleReader
from quotakeeper.stores.sqlite.store import SqliteStore
from quotakeeper.testing.clock import FakeClock
from quotakeeper.testing.strategies import LIMITS, STEPS, CommandMaker
from tests.stores_postgres.conftest import CANARY, HOSTS_CLOCK

SEED = int(os.environ.get("QUOTAKEEPER_MOVE_SEED", "1"))
LEDGERS = int(os.environ.get("QUOTAKEEPER_MOVE_LEDGERS", "3"))
NO_LIMITS = {"default_limits": False}
TABLES = ("balance", "pace", "mark", "entry", "carried_slot", "carried_balance", "crossing")
_numbers = count(1)


def new_url(server: str) -> str:
    return f"{server}back_{os.getpid()}_{next(_numbers)}"


def new_address(server: str) -> ServerAddress:
    return parse_dsn(new_url(server))


def run_script(stores: list[Store], chance: Random, clock: FakeClock, steps: int) -> int:
    """Apply the same random batches to all stores, and compare every outcome."""
    make = CommandMaker(chance, around=clock.now())
    done = 0
    for step in range(steps):
        make.generation = step // 5
        commands = make.batch()
        done += len(commands)
        outcomes = [comparable(store.apply(commands, clock.now())) for store in stores]
        assert all(each == outcomes[0] for each in outcomes), (step, commands)
        clock._now += chance.choice(STEPS)
    return done


def comparable(outcomes: list[c.Outcomes]) -> list[object]:
    return [
        (type(each.error), str(each.error)) if isinstance(each, c.Failed) else each
        for each in outcomes
    ]


def end_all_calls(store: Store, clock: FakeClock) -> None:
    store.apply([c.Assume(hold.id) for hold in store.holds()], clock.now())
    assert store.open_count() == 0


def contents(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(path)) as raw:
        return {
            table: sorted(raw.execute(f"SELECT * FROM {table}").fetchall(), key=repr)  # noqa: S608
            for table in TABLES
        }


@pytest.mark.parametrize("seed", range(SEED, SEED + LEDGERS))
def test_a_ledger_that_went_there_and_back_is_the_same_machine(
    server: str, tmp_path: Path, seed: int
) -> None:
    chance, clock = Random(seed), FakeClock("2027-03-13T23:50:00Z")
    paths, address = [tmp_path / "first.db", tmp_path / "second.db"], new_address(server)
    with closing(SqliteStore(paths[0], zone_named, owner="first")) as source:
        before = run_script([source], chance, clock, 120)
        if seed % 2:
            source.compact(clock.now() - 10**11, clock.now())
        end_all_calls(source, clock)
    with closing(SoleReader(paths[0], zone_named, owner="mover")) as reader:
        entries = reader.read_alone(lambda ledger: take_over(ledger, address, zone_named))
    with closing(open_connection(address.parameters, prepares=False)) as raw, raw.transaction():
        raw.execute("SELECT set_config('search_path', %s, true)", (address.schema,))
        raw.execute(HOSTS_CLOCK)
    with frozen(address, str(paths[1])) as ledger:
        assert take_over_to_file(ledger, paths[1], zone_named) == entries > 0
    assert contents(paths[0]) == contents(paths[1])
    assert unfreeze(address) == str(paths[1])

    stores: list[Store] = [
        SqliteStore(paths[0], zone_named, owner="first"),
        PostgresStore(address, zone_named, owner="server"),
        SqliteStore(paths[1], zone_named, owner="second"),
    ]
    try:
        after = run_script(stores, chance, clock, 60)
        first, *others = stores
        for other in others:
            assert list(other.entries()) == list(first.entries())
            assert list(other.slots()) == list(first.slots())
            assert other.holds() == first.holds()
            assert other.verdicts(LIMITS, clock.now()) == first.verdicts(LIMITS, clock.now())
        assert [store.verify() for store in stores] == [[], [], []]
    finally:
        for store in stores:
            store.close()
    assert contents(paths[0]) == contents(paths[1])
    print(f"seed {seed}: {before} commands, then {after} on all three; differences: 0")


def cli(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code = main([str(each) for each in words])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_server_that_was_moved_away_takes_no_calls(
    server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url, file = new_url(server), tmp_path / "back.db"
    with Keeper(url, NO_LIMITS) as other_host, Keeper(url, NO_LIMITS) as keeper:
        keeper.record("gemini", model="gemini-2.0-flash", input_tokens=7, event_id="a")
        other_host.record("gemini", model="gemini-2.0-flash", input_tokens=7, event_id="b")
        held = keeper.reserve("gemini", model="gemini-2.0-flash", input_tokens=7)
        code, _, err = cli(capsys, "--ledger", file, "ledger", "move", "--from", url)
        assert (code, "has 1 open reservations" in err) == (2, True)
        held.settle(input_tokens=5)  # a refused move freezes nothing
        secret = url.replace("postgres@", f"postgres:{CANARY}@", 1)
        code, out, err = cli(capsys, "--ledger", file, "ledger", "move", "--from", secret)
        assert (code, err) == (0, ""), err
        assert "a comparison found no difference" in out
        assert "takes no calls any more" in out
        assert CANARY not in out
        # Connections that were open before, and new ones: nobody writes, everybody reads.
        for each in (keeper, other_host):
            with pytest.raises(LedgerUnavailableError, match=f"was moved to {file}"):
                each.record("gemini", model="gemini-2.0-flash", input_tokens=7)
            with pytest.raises(LedgerUnavailableError, match="takes no calls any more"):
                each.reserve("gemini", model="gemini-2.0-flash", input_tokens=7)
            assert len(list(each.events())) == 3
    with Keeper(file, NO_LIMITS) as keeper:
        assert len(list(keeper.events())) == 3
        assert keeper.verify() == []
        keeper.record("gemini", model="gemini-new", input_tokens=7)
    code, out, _ = cli(capsys, "--ledger", url, "ledger", "check")
    assert (code, f"is frozen: it was moved to {file}" in " ".join(out.split())) == (1, True)
    code, out, _ = cli(capsys, "--ledger", url, "ledger", "unfreeze")
    assert (code, f"do not use {file}" in out) == (0, True)
    assert "was not frozen" in cli(capsys, "--ledger", url, "ledger", "unfreeze")[1]
    with Keeper(url, NO_LIMITS) as keeper:
        keeper.record("gemini", model="gemini-2.0-flash", input_tokens=7)


def test_a_copy_that_differs_is_not_kept_and_the_server_goes_on(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url, file = new_url(server), tmp_path / "back.db"
    with Keeper(url, NO_LIMITS) as keeper:
        keeper.record("gemini", model="gemini-2.0-flash", input_tokens=7, event_id="a")
    real = copying.bucket_rows
    monkeypatch.setattr(
        file_moving, "bucket_rows",
        lambda session: ((*row[:4], row[4] + 1, *row[5:]) for row in real(session)),
    )  # fmt: skip
    code, _, err = cli(capsys, "--ledger", file, "ledger", "move", "--from", url)
    assert (code, "the totals of a time slot differ" in err) == (1, True), err
    assert list(tmp_path.iterdir()) == []
    with Keeper(url, NO_LIMITS) as keeper:
        keeper.record("gemini", model="gemini-2.0-flash", input_tokens=7, event_id="b")
    monkeypatch.undo()
    assert cli(capsys, "--ledger", file, "ledger", "move", "--from", url)[0] == 0


def test_a_file_moves_to_a_new_file_and_replaces_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = tmp_path / "one.db", tmp_path / "other.db"
    with Keeper(one, NO_LIMITS) as keeper:
        keeper.record("gemini", model="gemini-2.0-flash", input_tokens=7, event_id="a")
    before = one.read_bytes()
    code, out, _ = cli(capsys, "--ledger", other, "ledger", "move", "--from", one)
    assert (code, "do not use it in any program" in out) == (0, True)
    assert one.read_bytes() == before
    assert contents(one) == contents(other)
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [
        "one.db", "one.db.lock", "other.db",
    ]  # fmt: skip
    assert oct(other.stat().st_mode & 0o777) == "0o600"
    code, _, err = cli(capsys, "--ledger", other, "ledger", "move", "--from", one)
    assert (code, "already exists" in err) == (2, True)
    with pytest.raises(FileExistsError):
        file_moving._give_name(one, other)


def test_a_server_moves_to_another_server(server: str, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = new_url(server), new_url(server)
    with Keeper(one, NO_LIMITS) as keeper:
        keeper.record("gemini", model="gemini-2.0-flash", input_tokens=7, event_id="a")
    assert cli(capsys, "--ledger", other, "ledger", "move", "--from", one)[0] == 0
    with Keeper(other, NO_LIMITS) as keeper:
        assert [event.id for event in keeper.events()] == ["a"]
    # Again, such as after a move that was killed: a person says that the source goes on.
    third = new_url(server)
    assert cli(capsys, "--ledger", third, "ledger", "move", "--from", one)[0] == 2
    assert cli(capsys, "--ledger", one, "ledger", "unfreeze")[0] == 0
    assert cli(capsys, "--ledger", third, "ledger", "move", "--from", one)[0] == 0
