"""`quotakeeper ledger migrate`: two versions of the functions side by side, through each step."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from quotakeeper import Keeper
from quotakeeper.__main__ import main
from quotakeeper.clocks import SystemClock, zone_named
from quotakeeper.domain.ledger import commands as c
from quotakeeper.errors import InvalidInputError, LedgerUnavailableError, LedgerVersionError
from quotakeeper.stores.postgres.administration import ServerLedger
from quotakeeper.stores.postgres.driver import driver, open_connection
from quotakeeper.stores.postgres.dsn import parse_dsn
from quotakeeper.stores.postgres.migrating import Migrated
from quotakeeper.stores.postgres.store import PostgresStore
from quotakeeper.testing.ledger_case import cap
from tests.stores_postgres.cluster import debians
from tests.stores_postgres.next_version import next_version
from tools.postgres_server import running

ROOT = Path(__file__).resolve().parents[2]
AMOUNT = 100_000
NO_LIMITS = {"default_limits": False, "timezone": "UTC"}
CALL: dict[str, Any] = {"model": "gemini-2.0-flash", "input_tokens": 7}
# What takes a ledger of schema version 2 back to version 1, with its calls.
BACK_TO_1 = """
ALTER TABLE owner DROP COLUMN functions;
DELETE FROM meta WHERE key = 'oldest_functions';
UPDATE meta SET value = '1' WHERE key = 'schema';
"""
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


def rows(url: str, sql: str) -> list[Any]:
    """Carry out SQL in the ledger's schema. Returns the rows."""
    address = parse_dsn(url)
    with closing(open_connection(address.parameters, prepares=False)) as raw:
        raw.execute(f'SET search_path = "{address.schema}"')
        found = raw.execute(sql)
        return list(found) if found.description else []


def migrate(url: str, **how: bool) -> Migrated:
    """What a program of the next version does to a ledger."""
    with next_version():
        return ServerLedger(parse_dsn(url)).migrate(now(), **how)


class Programs:
    """Processes of both versions on one ledger."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.started: dict[str, subprocess.Popen[str]] = {}

    def start(self, version: str) -> None:
        """Start one process for each way to commit."""
        for way in ("guards", "locked"):
            owner = f"{version} {way}"
            words = (self.url, owner, str(AMOUNT), way, version)
            self.started[owner] = subprocess.Popen(
                [sys.executable, "-m", "tests.stores_postgres.next_version.program", *words],
                cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )  # fmt: skip

    def wait_for_more(self) -> None:
        """Return when each process has reserved something since this was called."""
        before, began = self._calls(), SystemClock().monotonic()
        while any(self._calls()[owner] <= before[owner] for owner in self.started):
            assert SystemClock().monotonic() - began < 120
            assert all(each.poll() is None for each in self.started.values())

    def _calls(self) -> Counter[str]:
        sql = "SELECT regexp_replace(id, ' [0-9]+ [0-9]+$', ''), count(*) FROM entry GROUP BY 1"
        return Counter(dict(rows(self.url, sql)))

    def ended(self, version: str) -> list[dict[str, Any]]:
        """End the input of the processes of a version. Returns what they print."""
        found = [each for owner, each in self.started.items() if owner.startswith(version)]
        for each in found:
            assert each.stdin is not None
            each.stdin.close()
            each.stdin = None
        return [json.loads(each.communicate(timeout=300)[0]) for each in found]


@pytest.fixture
def programs(url: str) -> Iterator[Programs]:
    made = Programs(url)
    yield made
    for each in made.started.values():
        each.kill()
        each.communicate()


def test_two_versions_write_through_each_step(url: str, programs: Programs) -> None:
    limits = (cap(AMOUNT),)
    with closing(PostgresStore(parse_dsn(url), zone_named, owner="maker")) as maker:
        maker.apply([c.Watch((limits[0].account,))], 0)
    programs.start("this")
    programs.wait_for_more()
    assert migrate(url) == Migrated(2, 3, is_held_back=True)
    programs.wait_for_more()  # programs of this version go on
    programs.start("next")
    programs.wait_for_more()
    with pytest.raises(InvalidInputError, match=r"older programs still use the ledger"):
        migrate(url, contract=True)
    programs.wait_for_more()
    assert migrate(url, contract=True, anyway=True) == Migrated(3, 4)
    this, following = programs.ended("this"), programs.ended("next")
    for each in this:
        assert "with version 2 of its functions or newer" in each["refused"]
    assert [each["refused"] for each in following] == ["", ""]
    with next_version(), closing(PostgresStore(parse_dsn(url), zone_named, owner="j")) as judge:
        (verdict,) = judge.verdicts(limits, 0)
        assert verdict.used + verdict.reserved == AMOUNT
        assert sum(each["admitted"] for each in (*this, *following)) == AMOUNT
        assert judge.verify() == []
        entries = list(judge.entries())
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    # What either version says that it has posted is there under its name.
    posted = dict(rows(url, "SELECT functions, count(*) FROM batch GROUP BY 1"))
    ways = [Counter[str](each["ways"]) for each in following]
    print(f"batches by version: {posted}; next version: {[dict(each) for each in ways]}")
    assert posted[2] == sum(each["conditional"] for each in ways) > 0
    assert any(each["ways"].get("conditional") for each in this)


def test_a_program_waits_for_the_step_that_makes_its_functions(url: str) -> None:
    ServerLedger(parse_dsn(url)).make()
    with next_version(), Keeper(url, NO_LIMITS) as keeper:
        with pytest.raises(LedgerVersionError, match="this quotakeeper needs version 3") as caught:
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
        assert migrate(url) == Migrated(3, 3, is_held_back=True)
    assert migrate(url, contract=True) == Migrated(3, 4)
    assert migrate(url, contract=True) == Migrated(4, 4)


def test_a_ledger_of_version_1_is_brought_up_to_date(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with Keeper(url, NO_LIMITS) as keeper:
        keeper.record("gemini", event_id="a", **CALL)
    rows(url, BACK_TO_1)
    with Keeper(url, NO_LIMITS) as keeper, pytest.raises(LedgerVersionError, match="version 1;"):
        keeper.record("gemini", **CALL)
    command = ["--ledger", url, "ledger", "migrate"]
    assert main([*command, "--sql"]) == 0
    sql = capsys.readouterr().out
    assert main(command) == 0
    said = capsys.readouterr().out
    assert said.endswith("the schema has version 2 now; it had version 1\n")
    assert main(command) == 0
    assert capsys.readouterr().out.endswith("the schema has version 2: nothing was changed\n")
    assert main([*command, "--sql"]) == 0
    assert capsys.readouterr().out == "-- the schema is up to date\n"
    with pytest.raises(driver().errors.RaiseException, match="for another schema version"):
        rows(url, sql)
    with Keeper(url, NO_LIMITS) as keeper:
        keeper.record("gemini", event_id="b", **CALL)
        assert [event.id for event in keeper.events()] == ["a", "b"]
        assert keeper.verify() == []
    rows(url, BACK_TO_1)
    rows(url, sql)  # what it prints does the same
    with Keeper(url, NO_LIMITS) as keeper:
        keeper.record("gemini", event_id="c", **CALL)
        assert keeper.verify() == []


def test_only_the_owner_migrates(url: str) -> None:
    role, user = f"counting_{os.getpid()}", f"counter_{os.getpid()}"
    ServerLedger(parse_dsn(url)).make(role)
    rows(url, f"CREATE ROLE {user} LOGIN; GRANT {role} TO {user}")
    theirs = url.replace("postgres@", f"{user}@", 1)
    with pytest.raises(LedgerUnavailableError, match="does not own it"):
        migrate(theirs)
    assert migrate(url) == Migrated(2, 3, is_held_back=True)
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
