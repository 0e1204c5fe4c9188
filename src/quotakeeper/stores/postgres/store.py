"""The PostgreSQL store: a ledger in one schema of a database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from quotakeeper.domain.clock_readings import ClockDoubt, ClockReading
from quotakeeper.domain.decisions import Decision, Verdict
from quotakeeper.domain.forecasting.time_buckets import BucketSum, use_by_bucket, whole_buckets
from quotakeeper.domain.ledger import admission, apply
from quotakeeper.domain.ledger.commands import Command, Outcomes, Sweep, Swept, Watch, Watched
from quotakeeper.domain.ledger.entries import Entry, Figures
from quotakeeper.domain.ledger.forgetting import ForgottenLabel, LabelValue
from quotakeeper.domain.ledger.reservations import Hold
from quotakeeper.domain.ledger.setting_back import SetBack
from quotakeeper.domain.limits import Account, Limit
from quotakeeper.domain.pauses import CallPause
from quotakeeper.domain.ports import Compacted, EventQuery
from quotakeeper.domain.quotas import ProviderQuota
from quotakeeper.domain.server_doubts import LedgerDoubt
from quotakeeper.domain.usage import CallLabels, UsageEvent
from quotakeeper.errors import InvalidInputError
from quotakeeper.identifiers import new_owner
from quotakeeper.stores.ledger_time import check_ledger_time, idle_outcomes
from quotakeeper.stores.postgres.state import PostgresState
from quotakeeper.stores.postgres.verifying import PostgresVerifying
from quotakeeper.stores.sql.clock_rows import put_reading, reading_of
from quotakeeper.stores.sql.compaction import compact
from quotakeeper.stores.sql.forgetting import look_for_label
from quotakeeper.stores.sql.paged_reads import (
    read_buckets,
    read_entries,
    read_events,
    unpriced_buckets,
)
from quotakeeper.stores.sql.quota_rows import put_quotas, read_quotas
from quotakeeper.stores.sql.setting_back import look_ahead, set_ledger_back


class PostgresStore(PostgresVerifying):
    """A ledger in one schema of a database. One thread at a time may use this object.

    Other processes and machines may use the same ledger. Ledger time is the clock of the server;
    the argument `now` decides nothing.
    """

    @property
    def name(self) -> str:
        """The ledger's location, for messages; without a password."""
        return self._address.name

    @property
    def owner(self) -> str:
        """The owner name that this process writes into its reservations."""
        return self._owner

    def apply(self, commands: Sequence[Command], now: int) -> list[Outcomes]:
        """Carry out a batch in one atomic, durable commit; see the Store port."""

        def carry_out(state: PostgresState, at: int) -> tuple[list[Outcomes], bool]:
            idle = idle_outcomes(self.name, commands, at, state.high_water)
            if idle is not None:
                return idle, False
            outcomes, entries = apply.apply(state, self._as_of(commands, at), at)
            return outcomes, state.save(entries) or bool(self._also)

        if all(isinstance(each, Watch | Sweep) for each in commands) and self._only_reads():
            # No read depends on these commands. The server refuses every other write of this user.
            return [Watched() if isinstance(each, Watch) else Swept() for each in commands]
        batch = self._new_batch(now)
        if self.is_conditional:
            outcomes = self._posted(self._presence.under_name(commands), now, batch)
            if outcomes is not None:
                return outcomes
        return self._written(carry_out, now, batch)

    def check(
        self, labels: CallLabels, figures: Figures, limits: Sequence[Limit], now: int
    ) -> Decision:
        """Decide whether a reservation would be admitted. Changes nothing."""

        def ask(state: PostgresState, at: int) -> Decision:
            check_ledger_time(self.name, at, state.high_water)
            return admission.check(state, labels, figures, limits, at)

        return self._read(ask, now)

    def verdicts(self, limits: Sequence[Limit], now: int) -> list[Verdict]:
        """Return the use of each limit; see the Store port."""

        def ask(state: PostgresState, at: int) -> list[Verdict]:
            if limits:  # without limits no period is computed, so the rest can still be read
                check_ledger_time(self.name, at, state.high_water)
            return admission.standing(state, limits, at)

        return self._read(ask, now)

    def pauses(self, now: int) -> tuple[CallPause, ...]:
        """Return the pauses in force."""
        return self._read(lambda state, at: admission.pauses(state, at), now)

    def holds(self) -> list[Hold]:
        """Return the open reservations, oldest first."""
        return self._read(lambda state, _: state.holds())

    def open_count(self) -> int:
        """Return the number of open reservations."""
        return self._read(lambda state, _: state.open_count())

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
        return self._read(lambda state, _: unpriced_buckets(state.session, since))

    def account_usage(self, accounts: Sequence[Account], since: int) -> list[dict[int, int]]:
        """Return the use of each account by slot; see the Store port."""
        found = self._read(lambda state, _: [state.pace(account, since) for account in accounts])
        others = [a for a, pace in zip(accounts, found, strict=True) if pace is None]
        uses = iter(use_by_bucket(others, self.slots(since)) if others else ())
        return [next(uses) if pace is None else pace for pace in found]

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """Yield the journal entries after sequence number `after`, in commit order."""
        self._there()
        return read_entries(self._reading, after)

    def compact(self, before: int, now: int, after: int = 0, at_most: int = 1_000) -> Compacted:
        """Delete the entries of calls that ended long ago; see the Store port."""

        def let_go(state: PostgresState, at: int) -> tuple[Compacted, bool]:
            done = compact(state, self._zones, before, at, after, at_most)
            return done, done.entries > 0

        return self._written(let_go, now)

    def set_back(self, to: int, by: str, why: str, *, only_look: bool = False) -> SetBack:
        """Move all entries that are later than instant `to` back to `to`; see the Store port.

        No copy is made. The caller must make a backup of the database before.
        """
        if only_look:
            return self._read(lambda state, _: look_ahead(state, to))

        def move(state: PostgresState, _: int) -> tuple[SetBack, bool]:
            done = look_ahead(state, to)
            if not done.entries and not done.dropped:
                return done, False
            session = state.session
            session.execute(session.sql["begin_rewriting"], (state.seq,))
            done = set_ledger_back(session, self._zones, to, by, why)
            session.execute(session.sql["end_rewriting"])
            session.execute(session.sql["set_back_owners"], {"to": to})
            state.seq, state.high_water = session.execute(session.sql["head"]).fetchone()
            return done, True

        done = self._written(move)
        self._disconnect()  # close the connection, because all cached data is invalid now
        return done

    def back_up(self, to: str) -> None:
        """Raises InvalidInputError: a database is copied with its own tools."""
        raise InvalidInputError(
            "ledger",
            "a ledger on a server is not a file, so it cannot be copied",
            "back up its database: pg_dump",
        )

    def forget_label(
        self, label: LabelValue, instead: str, *, only_look: bool = False
    ) -> ForgottenLabel:
        """Return what replacing a label value would change (`only_look`).

        Without `only_look`, raises InvalidInputError: this store does not know which processes use
        the ledger.
        """
        if only_look:
            return self._read(lambda state, _: look_for_label(state.session, label))
        raise InvalidInputError(
            "ledger", "is on a server, and quotakeeper cannot check yet which processes use it",
            "leave the label as it is; a later version will be able to change it",
        )  # fmt: skip

    def shrink(self) -> None:
        """Does nothing: the server frees disk space by itself."""

    def put_quotas(self, quotas: Sequence[ProviderQuota], forget_before: int) -> None:
        """Store quotas that providers reported, in one commit; see the Store port."""

        def keep(state: PostgresState, _: int) -> tuple[None, bool]:
            put_quotas(state.session, quotas, forget_before)
            return None, True

        self._written(keep)

    def quotas(self) -> tuple[ProviderQuota, ...]:
        """Return all stored quotas, sorted by provider, model and name."""
        return self._read(lambda state, _: read_quotas(state.session))

    def first_reading(self, reading: ClockReading) -> tuple[ClockReading, int]:
        """Return the stored reading with this `frame`; see the Store port."""

        def look(state: PostgresState, _: int) -> tuple[ClockReading | None, int]:
            return reading_of(state.session, reading.frame), state.high_water

        def keep(state: PostgresState, at: int) -> tuple[tuple[ClockReading, int], bool]:
            found, newest_at = look(state, at)
            if found is None:
                put_reading(state.session, reading)
            return (found or reading, newest_at), found is None

        found, newest_at = self._read(look)
        if found is None and not self._only_reads():
            return self._written(keep)
        return found or reading, newest_at

    def trust_reading(self, reading: ClockReading) -> None:
        """Store the reading with which later readings of the same `frame` are compared."""

        def put(state: PostgresState, _: int) -> tuple[None, bool]:
            put_reading(state.session, reading)
            return None, True

        if not self._only_reads():
            self._written(put)

    def set_doubt(self, doubt: ClockDoubt | None) -> None:
        """Store that the clock is doubted, or None to clear this; see the Store port."""
        self._doubt = doubt

    def doubts(self, now: int) -> tuple[LedgerDoubt, ...]:
        """Return the reasons why hard limits refuse calls. `now` is the clock of this machine.

        Raises LedgerError.
        """
        self._read(lambda state, _: state.seq, now)
        return self._watch.doubts

    def _only_reads(self) -> bool:
        """Return whether this user may read the ledger but not write to it."""
        self._there()
        return not self._may_write

    def after_fork(self) -> PostgresStore:
        """Return a new store for a forked child. Leaves the connections of the parent process open."""
        self.leave_to_parent()
        local = None if self._local is None else self._local.after_fork()
        return PostgresStore(self._address, self._zones, owner=new_owner(), demands=self._demands,
                             identity=self._identity, local=local)  # fmt: skip
