"""The SQLite store: a ledger in one file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from quotakeeper.domain.clock_readings import ClockDoubt, ClockReading
from quotakeeper.domain.decisions import Decision, Verdict
from quotakeeper.domain.forecasting.time_buckets import BucketSum, use_by_bucket, whole_buckets
from quotakeeper.domain.ledger import admission, apply
from quotakeeper.domain.ledger.commands import Command, Outcomes
from quotakeeper.domain.ledger.entries import Entry, Figures
from quotakeeper.domain.ledger.forgetting import ForgottenLabel, LabelValue
from quotakeeper.domain.ledger.reservations import Hold
from quotakeeper.domain.ledger.setting_back import SetBack
from quotakeeper.domain.limits import Account, Limit
from quotakeeper.domain.pauses import CallPause
from quotakeeper.domain.ports import Compacted, EventQuery
from quotakeeper.domain.quotas import ProviderQuota
from quotakeeper.domain.usage import CallLabels, UsageEvent
from quotakeeper.identifiers import new_owner
from quotakeeper.stores.ledger_time import LAST_INSTANT, check_ledger_time, idle_outcomes
from quotakeeper.stores.one_host import OneHost
from quotakeeper.stores.sql.clock_rows import put_reading, reading_of
from quotakeeper.stores.sql.compaction import compact
from quotakeeper.stores.sql.connection import SqlSession
from quotakeeper.stores.sql.paged_reads import (
    read_buckets,
    read_entries,
    read_events,
    unpriced_buckets,
)
from quotakeeper.stores.sql.quota_rows import put_quotas, read_quotas
from quotakeeper.stores.sql.setting_back import look_ahead, set_ledger_back
from quotakeeper.stores.sql.state import SqlState
from quotakeeper.stores.sqlite.connection import reading
from quotakeeper.stores.sqlite.dialect import SQLITE_ERRORS
from quotakeeper.stores.sqlite.errors import translated
from quotakeeper.stores.sqlite.fork_guard import let_in
from quotakeeper.stores.sqlite.key_tables import forget_label, look_for_label
from quotakeeper.stores.sqlite.locks import (
    PATIENCE_SECONDS,
    bury,
    dead_owners,
    ended_owners,
    lives,
    names_a_file,
)
from quotakeeper.stores.sqlite.rewriting import back_up, check_alone, copy_to, rewritable
from quotakeeper.stores.sqlite.verifying import SqliteVerifying
from quotakeeper.value_classes import replace


class SqliteStore(SqliteVerifying, OneHost):
    """A ledger in one file. One thread at a time may use this object; other processes may use the
    file.

    `durability` is "power" (a confirmed write survives a power cut) or "process". With "process", a
    write survives kill -9. A power cut may lose the last writes but never damages the file.
    """

    @property
    def name(self) -> str:
        """The ledger's location, for messages."""
        return self._file_name

    @property
    def owner(self) -> str:
        """The owner name that this process writes into its reservations."""
        return self._owner

    def apply(self, commands: Sequence[Command], now: int) -> list[Outcomes]:
        """Carry out a batch in one atomic, durable commit; see the Store port."""

        def carry_out(state: SqlState) -> tuple[list[Outcomes], bool]:
            state.doubt = self._doubt
            usual = now < LAST_INSTANT and state.high_water < LAST_INSTANT
            idle = None if usual else idle_outcomes(self.name, commands, now, state.high_water)
            if idle is not None:
                return idle, False
            outcomes, entries = apply.apply(state, commands, now)
            return outcomes, state.save(entries)

        return self._written(carry_out)

    def check(
        self, labels: CallLabels, figures: Figures, limits: Sequence[Limit], now: int
    ) -> Decision:
        """Decide whether a reservation would be admitted at `now`. Changes nothing."""

        def ask(state: SqlState) -> Decision:
            state.doubt = self._doubt
            check_ledger_time(self.name, now, state.high_water)
            return admission.check(state, labels, figures, limits, now)

        return self._read(ask)

    def verdicts(self, limits: Sequence[Limit], now: int) -> list[Verdict]:
        """Return the use of each limit; see the Store port."""

        def ask(state: SqlState) -> list[Verdict]:
            if limits:  # without limits no period is computed, so the rest can still be read
                check_ledger_time(self.name, now, state.high_water)
            return admission.standing(state, limits, now)

        return self._read(ask)

    def pauses(self, now: int) -> tuple[CallPause, ...]:
        """Return the pauses in force at `now`."""
        return self._read(lambda state: admission.pauses(state, now))

    def holds(self) -> list[Hold]:
        """Return the open reservations, oldest first."""
        return self._read(lambda state: state.holds())

    def open_count(self) -> int:
        """Return the number of open reservations."""
        return self._read(lambda state: state.open_count())

    def dead_owners(self) -> frozenset[str]:
        """Return the owner names of ended processes that have open reservations.

        Also removes the files of ended processes that have no open reservations.
        """
        session = self._opened().session
        # List ended processes first: they make no reservations after this point.
        ended = ended_owners(self._owners) - {self._owner}
        try:
            rows = session.execute(session.sql["hold_owners"]).fetchall()
        except SQLITE_ERRORS as error:
            raise self._given_up(error) from error
        holding = frozenset(row[0] for row in rows if names_a_file(row[0])) - {self._owner}
        bury(self._owners, ended - holding)
        return dead_owners(self._owners, holding)

    def ended(self, owners: frozenset[str]) -> frozenset[str]:
        """Return those of `owners` whose process has ended, with or without open reservations."""
        return frozenset(owner for owner in owners if not lives(self._owners, owner))

    def bury(self, owners: frozenset[str]) -> None:
        """Remove the files of ended processes. Call this after their reservations have ended."""
        bury(self._owners, owners)

    def _reading(self) -> AbstractContextManager[SqlSession]:
        return reading(self._path)

    def events(self, query: EventQuery) -> Iterator[UsageEvent]:
        """Yield events in the order in which they were booked."""
        self._there()
        return read_events(self._reading, query)

    def slots(self, since: int | None = None, until: int | None = None) -> Iterator[BucketSum]:
        """Yield the sums of five-minute slots; see the Store port."""
        self._there()
        return read_buckets(self._reading, *whole_buckets(since, until))

    def unpriced_buckets(self, since: int) -> list[BucketSum]:
        """Return the sums by slot that contain a call without a price, from the slot of `since` on."""
        return self._read(lambda state: unpriced_buckets(state.session, since))

    def account_usage(self, accounts: Sequence[Account], since: int) -> list[dict[int, int]]:
        """Return the use of each account by slot; see the Store port."""
        found = self._read(lambda state: [state.pace(account, since) for account in accounts])
        others = [a for a, pace in zip(accounts, found, strict=True) if pace is None]
        with let_in():  # the worker calls this, and a fork waits for the worker
            uses = iter(use_by_bucket(others, self.slots(since)) if others else ())
        return [next(uses) if pace is None else pace for pace in found]

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """Yield the journal entries after sequence number `after`, in commit order."""
        self._there()
        return read_entries(self._reading, after)

    def compact(self, before: int, now: int, after: int = 0, at_most: int = 1_000) -> Compacted:
        """Delete the entries of calls that ended long ago; see the Store port."""

        def let_go(state: SqlState) -> tuple[Compacted, bool]:
            done = compact(state, self._zones, before, now, after, at_most)
            return done, done.entries > 0

        return self._written(let_go)

    def set_back(self, to: int, by: str, why: str, *, only_look: bool = False) -> SetBack:
        """Move all entries that are later than instant `to` back to `to`; see the Store port.

        The copy beside the ledger is called `<ledger>.before-repair-<newest entry>.bak`.
        """
        if only_look:
            return self._read(lambda state: look_ahead(state, to))

        def move(state: SqlState) -> tuple[SetBack, bool]:
            done = look_ahead(state, to)
            if not done.entries and not done.dropped:
                return done, False
            copy = self._beside(f".before-repair-{state.seq}.bak")
            copy_to(self._path, copy)
            with rewritable(state.session):
                done = set_ledger_back(state.session, self._zones, to, by, why)
            return replace(done, backup=str(copy)), True

        done = self._written(move)
        self.before_fork()  # close the connection, because all cached data is invalid now
        return done

    def forget_label(
        self, label: LabelValue, instead: str, *, only_look: bool = False
    ) -> ForgottenLabel:
        """Replace a label value by `instead`; see the Store port."""
        if only_look:
            return self._read(lambda state: look_for_label(state.session, label))

        def change(state: SqlState) -> tuple[ForgottenLabel, bool]:
            # A process that opens the ledger takes its lock first, so none can open it before the end.
            check_alone(self._owners, self._owner)
            with rewritable(state.session):
                return forget_label(state.session, label, instead), True

        done = self._written(change)
        self.before_fork()  # close the connection, because all cached data is invalid now
        return done

    def back_up(self, to: str) -> None:
        """Copy the committed data to a new file; see the Store port."""
        self._there()
        try:
            back_up(self._path, Path(to))
        except (*SQLITE_ERRORS, OSError) as error:
            raise translated(Path(to), error) from error

    def shrink(self) -> None:
        """Make the file smaller after compaction. Copies the whole file under its lock."""
        self._opened()
        assert self._connection is not None and self._lock is not None
        try:
            with self._lock.held(PATIENCE_SECONDS):
                self._connection.execute("VACUUM")
                self._connection.execute("PRAGMA wal_checkpoint (TRUNCATE)").fetchall()
        except (*SQLITE_ERRORS, OSError) as error:
            raise self._given_up(error) from error

    def put_quotas(self, quotas: Sequence[ProviderQuota], forget_before: int) -> None:
        """Store quotas that providers reported, in one commit; see the Store port."""

        def keep(state: SqlState) -> tuple[None, bool]:
            put_quotas(state.session, quotas, forget_before)
            return None, True

        self._written(keep)

    def quotas(self) -> tuple[ProviderQuota, ...]:
        """Return all stored quotas, sorted by provider, model and name."""
        return self._read(lambda state: read_quotas(state.session))

    def first_reading(self, reading: ClockReading) -> tuple[ClockReading, int]:
        """Return the stored reading with this `frame`; see the Store port."""

        def look(state: SqlState) -> tuple[ClockReading | None, int]:
            return reading_of(state.session, reading.frame), state.high_water

        def keep(state: SqlState) -> tuple[tuple[ClockReading, int], bool]:
            found, newest_at = look(state)
            if found is None:
                put_reading(state.session, reading)
            return (found or reading, newest_at), found is None

        found, newest_at = self._read(look)
        return self._written(keep) if found is None else (found, newest_at)

    def trust_reading(self, reading: ClockReading) -> None:
        """Store the reading with which later readings of the same `frame` are compared."""

        def put(state: SqlState) -> tuple[None, bool]:
            put_reading(state.session, reading)
            return None, True

        self._written(put)

    def set_doubt(self, doubt: ClockDoubt | None) -> None:
        """Store that the clock is doubted; with None, that it is not. See the Store port."""
        self._doubt = doubt

    def after_fork(self) -> SqliteStore:
        """Return a new store for a forked child. Leaves the handles of the parent process open."""
        self.leave_to_parent()
        return SqliteStore(
            self._path, self._zones, owner=new_owner(), durability=self._durability,
            group=self._group,
        )  # fmt: skip
