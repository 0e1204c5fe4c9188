"""What is lost on the way: connections, answers, the lock of a host that stands still."""

from __future__ import annotations

from typing import Any

import pytest

from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger.state import ZoneFinder
from quotakeeper.domain.ports import Store
from quotakeeper.errors import (
    LedgerCorruptError,
    LedgerUnavailableError,
    LedgerVersionError,
    OutcomeUnknownError,
)
from quotakeeper.stores.postgres.connection import PostgresConnection
from quotakeeper.stores.postgres.driver import driver
from quotakeeper.stores.postgres.dsn import ServerAddress
from quotakeeper.stores.postgres.state import PostgresState
from quotakeeper.stores.postgres.store import PostgresStore
from quotakeeper.testing.ledger_case import LedgerCase, cap, tokens

LIMIT = cap(100)


class Faulty(LedgerCase):
    is_conditional = False

    @pytest.fixture(autouse=True)
    def a_ledger(self, ledger: ServerAddress, monkeypatch: pytest.MonkeyPatch) -> None:
        self.address, self.patch = ledger, monkeypatch

    def make_store(self, zones: ZoneFinder, owner: str) -> Store:
        store = PostgresStore(self.address, zones, owner=owner)
        store.is_conditional = self.is_conditional
        return store

    def connection(self) -> PostgresConnection:
        """The connection that the store has open."""
        store = self.store
        assert isinstance(store, PostgresStore) and store._connection is not None
        return store._connection

    def warm(self) -> None:
        self.watch(LIMIT)
        self.reserve("warm", tokens(1), LIMIT)
        self.reserve("warmer", tokens(1), LIMIT)

    def lose_answers(self, verb: str, times: int = 1, *, after: bool = True) -> list[str]:
        """Break the connection before or after the next commits reach the server."""
        lost: list[str] = []
        real = getattr(PostgresConnection, verb)

        def broken(connection: PostgresConnection, *values: Any) -> Any:
            if len(lost) == times:
                return real(connection, *values)
            lost.append(verb)
            if after:
                real(connection, *values)
            connection.raw.close()
            raise driver().OperationalError("the connection is lost")

        self.patch.setattr(PostgresConnection, verb, broken)
        return lost

    def end_session(self) -> None:
        """End the session of the store from the server's side."""
        pid = self.connection().raw.info.backend_pid
        other = self.other
        assert isinstance(other, PostgresStore)
        other.open_count()
        assert other._connection is not None
        ended = "SELECT pg_terminate_backend(%s::integer, 10000)"
        assert other._connection.raw.execute(ended, (pid,)).fetchone() == (True,)


class TestAnErrorUnderTheLock(Faulty):
    def test_an_error_of_ours_inside_a_write_leaves_no_lock(self) -> None:
        self.warm()
        real = PostgresState.save

        def failing(state: PostgresState, *values: Any) -> Any:
            raise LedgerCorruptError("the ledger", "a row is damaged", "restore a backup")

        self.patch.setattr(PostgresState, "save", failing)
        with pytest.raises(LedgerCorruptError):
            self.reserve("a", tokens(1), LIMIT)
        self.patch.setattr(PostgresState, "save", real)
        other = self.other
        assert isinstance(other, PostgresStore)
        other.open_count()
        assert other._connection is not None
        locked = "SELECT seq FROM head FOR UPDATE NOWAIT"
        with other._connection.raw.transaction():
            other._connection.raw.execute(
                "SELECT set_config('search_path', %s, true)", (self.address.schema,)
            )
            assert len(other._connection.raw.execute(locked).fetchall()) == 1
        self.reserve("b", tokens(1), LIMIT)


class TestUnderTheLock(Faulty):
    verb = "commit"

    def test_a_commit_whose_answer_is_lost_counts_once(self) -> None:
        self.warm()
        lost = self.lose_answers(self.verb)
        self.reserve("a", tokens(5), LIMIT)
        assert lost
        self.apply(c.Grow("a", tokens(5), (LIMIT,)))
        assert self.sums(LIMIT) == (0, 12)
        assert [entry.id for entry in self.journal() if entry.id] == ["warm", "warmer", "a"]

    def test_a_commit_that_never_arrived_is_made_again(self) -> None:
        self.warm()
        lost = self.lose_answers(self.verb, after=False)
        self.reserve("a", tokens(5), LIMIT)
        assert lost
        assert self.sums(LIMIT) == (0, 7)

    def test_a_session_that_was_ended_while_idle_is_opened_again(self) -> None:
        self.warm()
        self.end_session()
        self.reserve("a", tokens(5), LIMIT)
        self.end_session()
        assert self.sums(LIMIT) == (0, 7)
        self.end_session()
        assert len(self.journal()) == 3

    def test_a_host_that_stands_still_loses_the_lock(self) -> None:
        self.warm()
        store = self.store
        assert isinstance(store, PostgresStore)

        def stand_still(state: Any, at: int) -> tuple[None, bool]:
            # Its neighbour waits for the lock and gets it: the server ends the session that has it.
            self.do(self.asking("theirs", tokens(5), [LIMIT]), c.Reserved, store=self.other)
            state.session.execute(state.session.sql["hold_count"])
            return None, False

        with pytest.raises(LedgerUnavailableError, match="released the lock"):
            store._written(stand_still)
        self.reserve("a", tokens(5), LIMIT)
        assert self.sums(LIMIT) == (0, 12)


class TestUnderGuards(TestUnderTheLock):
    is_conditional = True
    verb = "post"


class TestTroubleThatLasts(Faulty):
    must_verify = False

    def test_a_commit_of_which_nobody_can_be_asked_is_told_as_unknown(self) -> None:
        self.warm()
        self.lose_answers("commit", times=9)
        with pytest.raises(OutcomeUnknownError, match="repeat the command with the same id"):
            self.reserve("a", tokens(5), LIMIT)

    def test_a_ledger_of_a_newer_quotakeeper_is_left_alone(self) -> None:
        self.warm()
        raw = self.connection().raw
        with raw.transaction():
            raw.execute("SELECT set_config('search_path', %s, true)", (self.address.schema,))
            raw.execute("UPDATE meta SET value = '99' WHERE key = 'oldest_functions'")
        self.reopen()
        with pytest.raises(LedgerVersionError, match="version 99 of its functions"):
            self.reserve("a", tokens(5))

    def test_the_journal_is_append_only(self) -> None:
        self.warm()
        raw = self.connection().raw
        for statement in (
            "UPDATE entry SET at = 1", "DELETE FROM entry", "TRUNCATE entry", "DELETE FROM notice",
        ):  # fmt: skip
            with pytest.raises(driver().Error, match="append-only"), raw.transaction():
                raw.execute("SELECT set_config('search_path', %s, true)", (self.address.schema,))
                raw.execute("INSERT INTO notice VALUES (99, '', '', '', NULL, '', 0, 0, NULL)")
                raw.execute(statement)
        assert len(self.journal()) == 2

    def test_damage_is_named_and_verify_finds_it(self) -> None:
        self.warm()
        raw = self.connection().raw
        with raw.transaction():
            raw.execute("SELECT set_config('search_path', %s, true)", (self.address.schema,))
            raw.execute("UPDATE balance SET settled = settled + 5")
            raw.execute("UPDATE head SET seq = 1")
        found = "\n".join(problem.what for problem in self.store.verify())
        assert "the head row has entry 1" in found
        assert "settled is 5 in the table, but 0 in the journal" in found
        with raw.transaction():
            raw.execute("SELECT set_config('search_path', %s, true)", (self.address.schema,))
            raw.execute("UPDATE hold SET quantities = 'nonsense' WHERE seq = 1")
        self.reopen()
        with pytest.raises(LedgerCorruptError, match="nonsense"):
            self.apply(c.Settle("warm", tokens(1)))
