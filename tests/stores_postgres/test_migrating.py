"""`quotakeeper ledger migrate`: its steps, who may take them, and what it says."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from quotakeeper import Keeper
from quotakeeper.__main__ import main
from quotakeeper.clocks import SystemClock
from quotakeeper.errors import InvalidInputError, LedgerUnavailableError, LedgerVersionError
from quotakeeper.stores.postgres import migrating, migrations
from quotakeeper.stores.postgres.administration import ServerLedger
from quotakeeper.stores.postgres.driver import driver, open_connection
from quotakeeper.stores.postgres.dsn import parse_dsn
from quotakeeper.stores.postgres.migrating import Migrated
from quotakeeper.stores.postgres.migrations import SchemaStep, step_sql
from tests.stores_postgres.cluster import debians
from tests.stores_postgres.next_version import migrate, next_version, rows
from tools.postgres_server import running

NO_LIMITS = {"default_limits": False, "timezone": "UTC"}
CALL: dict[str, Any] = {"model": "gemini-2.0-flash", "input_tokens": 7}
_numbers = count(1)


@pytest.fixture(scope="module")
def oldest() -> Iterator[str]:
    """The URL of a server of Debian's package: PostgreSQL 15."""
    with running(debians()) as cluster:
        yield cluster.url


@pytest.fixture
def url(oldest: str) -> str:
    """The URL of a ledger that is not there yet."""
    return f"{oldest}migrating_{next(_numbers)}"


def now() -> int:
    return SystemClock().now()


def said_by(capsys: pytest.CaptureFixture[str]) -> str:
    """What a command has printed, in one line."""
    return " ".join(capsys.readouterr().out.split())


def test_a_program_waits_for_the_step_that_makes_its_functions(url: str) -> None:
    ServerLedger(parse_dsn(url)).make()
    with next_version(), Keeper(url, NO_LIMITS) as keeper:
        with pytest.raises(LedgerVersionError, match="this quotakeeper needs version 5") as caught:
            keeper.record("gemini", **CALL)
        assert "quotakeeper ledger migrate" in str(caught.value)
        ServerLedger(parse_dsn(url)).migrate(now())
        keeper.record("gemini", **CALL)
        assert keeper.verify() == []


@pytest.mark.parametrize("policy", ["deny", "allow"])
def test_an_old_program_follows_its_policy(url: str, policy: str) -> None:
    config = {**NO_LIMITS, "on_store_failure": policy}
    with Keeper(url, config, on_warning=lambda _: None) as keeper:
        keeper.reserve("gemini", event_id="before", **CALL).settle(input_tokens=7)
        migrate(url, contract=True, anyway=True)
        if policy == "deny":
            with pytest.raises(LedgerVersionError, match="upgrade quotakeeper"):
                keeper.reserve("gemini", event_id="after", **CALL)
        else:
            keeper.reserve("gemini", event_id="after", **CALL).settle(input_tokens=7)
        with pytest.raises(LedgerVersionError):  # a read
            list(keeper.events())
    with next_version():
        with Keeper(url, config) as upgraded:  # books what the spool has
            upgraded.record("gemini", event_id="new", **CALL)
        with Keeper(url, config) as upgraded:
            ids = sorted(event.id for event in upgraded.events())
            assert ids == (["before", "new"] if policy == "deny" else ["after", "before", "new"])
            assert upgraded.verify() == []


def test_programs_that_have_ended_do_not_hold_the_step_back(url: str) -> None:
    with Keeper(url, NO_LIMITS) as keeper:
        keeper.record("gemini", **CALL)
        with pytest.raises(InvalidInputError, match="their hosts and processes"):
            migrate(url, contract=True)
        # The step before the one that was refused stands.
        assert migrate(url) == Migrated(5, 5, is_held_back=True)
    assert migrate(url, contract=True) == Migrated(5, 6)
    assert migrate(url, contract=True) == Migrated(6, 6)


def test_ledger_time_decides_which_programs_have_ended(url: str) -> None:
    with Keeper(url, NO_LIMITS) as keeper:
        keeper.record("gemini", **CALL)
        ahead = "UPDATE head SET high_water = high_water + {}"
        rows(url, ahead.format(29_000_000))  # later entries of other processes
        with pytest.raises(InvalidInputError, match="older programs still use"):
            migrate(url, contract=True)
        rows(url, ahead.format(2_000_000))
        assert migrate(url, contract=True) == Migrated(5, 6)


def make_version_1(url: str) -> str:
    """Make a ledger of schema 1, and a user who may add to its tables. Returns the user's URL."""
    number = next(_numbers)
    role, user = f"counting_{os.getpid()}_{number}", f"counter_{os.getpid()}_{number}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "STEPS", ())
        made = migrations.creation_sql(parse_dsn(url).schema)
    rows(url, f"""BEGIN; {made}
        CREATE ROLE {role}; CREATE ROLE {user} LOGIN; GRANT {role} TO {user};
        GRANT USAGE ON SCHEMA "{parse_dsn(url).schema}" TO {role};
        GRANT SELECT ON ALL TABLES IN SCHEMA "{parse_dsn(url).schema}" TO {role};
        GRANT INSERT, UPDATE ON entry, owner, head TO {role}; COMMIT;""")  # fmt: skip
    return url.replace("postgres@", f"{user}@", 1)


ADD_ROW = "INSERT INTO owner (name, host, boot, since_at, seen_at) VALUES ('old', 'h', '', 0, {})"


def test_a_ledger_of_version_1_is_brought_up_to_date(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = make_version_1(url)
    with Keeper(url, NO_LIMITS) as keeper, pytest.raises(LedgerVersionError, match="version 1;"):
        keeper.record("gemini", **CALL)
    command = ["--ledger", url, "ledger", "migrate"]
    assert main([*command[:-1], "check"]) == 1
    assert "has an older schema than this quotakeeper needs" in said_by(capsys)
    assert main(command) == 0
    said = said_by(capsys)
    assert "the schema has version 3 now; it had version 1" in said
    assert "ledger migrate --contract" in said
    with Keeper(theirs, NO_LIMITS) as keeper:  # a user of version 1 may execute the functions
        keeper.record("gemini", event_id="a", **CALL)
        assert keeper.verify() == []
    rows(theirs, ADD_ROW.format(now()))  # and an old program writes to the tables as before
    rows(theirs, "SELECT FROM lock_v1(0)")
    assert main([*command, "--contract"]) == 2
    assert "older programs still use the ledger" in " ".join(capsys.readouterr().err.split())
    rows(url, "UPDATE owner SET ended_at = seen_at WHERE name = 'old'")
    assert main([*command, "--contract"]) == 0
    assert "the schema has version 4 now; it had version 3" in said_by(capsys)
    with pytest.raises(driver().errors.InsufficientPrivilege):
        rows(theirs, ADD_ROW.format(now()))
    assert main(command) == 0
    assert capsys.readouterr().out.endswith("the schema has version 4: nothing was changed\n")
    assert main([*command, "--sql"]) == 0
    assert capsys.readouterr().out == "-- the schema is up to date\n"
    with Keeper(theirs, NO_LIMITS) as keeper:
        keeper.record("gemini", event_id="b", **CALL)
        assert [event.id for event in keeper.events()] == ["a", "b"]
        assert keeper.verify() == []


def test_the_printed_steps_do_the_same(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    theirs = make_version_1(url)
    assert main(["--ledger", url, "ledger", "migrate", "--sql", "--contract"]) == 0
    sql = capsys.readouterr().out
    rows(url, sql)
    with Keeper(theirs, NO_LIMITS) as keeper:
        keeper.record("gemini", event_id="c", **CALL)
        assert keeper.verify() == []
    with pytest.raises(driver().errors.InsufficientPrivilege):
        rows(theirs, ADD_ROW.format(now()))
    with pytest.raises(driver().errors.RaiseException, match="for another schema version"):
        rows(url, sql)


def test_the_check_names_a_ledger_for_newer_programs(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ServerLedger(parse_dsn(url)).make()
    migrate(url, contract=True)
    assert main(["--ledger", url, "ledger", "check"]) == 1
    said = said_by(capsys)
    assert "takes calls only from newer versions of quotakeeper" in said
    assert "upgrade quotakeeper" in said


def test_a_step_behind_a_long_read_gives_up_and_changes_nothing(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ServerLedger(parse_dsn(url)).make()
    address = parse_dsn(url)
    monkeypatch.setattr(migrating, "_PATIENCE", "100ms")
    with closing(open_connection(address.parameters, prepares=False)) as reader:
        reader.execute("BEGIN")
        reader.execute(f'SELECT FROM "{address.schema}".batch')
        with pytest.raises(LedgerUnavailableError, match="locked for too long"):
            migrate(url)
        with Keeper(url, NO_LIMITS) as keeper:
            keeper.record("gemini", **CALL)  # is not held up
            assert keeper.verify() == []
    assert migrate(url) == Migrated(4, 5, is_held_back=True)


def test_a_migration_that_stands_still_holds_writers_up_for_two_seconds(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ServerLedger(parse_dsn(url)).make()
    migrate(url)
    waited = list[int]()

    def stand_still(step: SchemaStep) -> str:
        began = SystemClock().monotonic()
        rows(
            url, "SET lock_timeout = '9s'; SELECT FROM lock_v2(0)"
        )  # waits for the lock of the head row
        waited.append(round(SystemClock().monotonic() - began))
        return step_sql(step)

    with monkeypatch.context() as patch:
        patch.setattr(migrating, "step_sql", stand_still)
        with pytest.raises(LedgerUnavailableError, match="did not answer for 2 s"):
            migrate(url, contract=True)
    assert waited[0] >= 1  # it had the lock
    with Keeper(url, NO_LIMITS) as keeper:
        keeper.record("gemini", **CALL)
        assert keeper.verify() == []
    assert migrate(url) == Migrated(5, 5, is_held_back=True)


def test_only_the_owner_migrates(url: str) -> None:
    role, user = f"counting_{os.getpid()}", f"counter_{os.getpid()}"
    ServerLedger(parse_dsn(url)).make(role)
    rows(url, f"CREATE ROLE {user} LOGIN; GRANT {role} TO {user}")
    theirs = url.replace("postgres@", f"{user}@", 1)
    with pytest.raises(LedgerUnavailableError, match="does not own it"):
        migrate(theirs)
    assert migrate(url) == Migrated(4, 5, is_held_back=True)
    with next_version(), Keeper(theirs, NO_LIMITS) as keeper:  # the rights stay
        keeper.record("gemini", **CALL)
        assert keeper.verify() == []


def test_what_cannot_be_migrated_is_told(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(ledger: str, *words: str) -> tuple[int, str]:
        code = main(["--ledger", ledger, "ledger", "migrate", *words])
        found = capsys.readouterr()
        return code, found.out + found.err

    code, text = said(url)
    assert code == 2
    assert "has no tables yet" in text
    assert "quotakeeper ledger init" in text
    code, text = said(url, "--anyway")
    assert code == 2
    assert "--contract" in text
    file = tmp_path / "ledger.db"
    for words in ((), ("--sql",), ("--contract",)):
        code, text = said(str(file), *words)
        assert (code, text) == (
            0,
            f"{file}: is not on a server; quotakeeper brings the schema of a file up to date when "
            "it opens the file\n",
        )
    assert not file.exists()
