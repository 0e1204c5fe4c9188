"""Decides batches from cached data, and commits each in one round trip if the data is still right.

The commit checks conditions ("guards") on the server. If a condition fails, the batch is decided
again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

from quotakeeper.domain.ledger.commands import Command, Outcomes
from quotakeeper.domain.ledger.state import ZoneFinder
from quotakeeper.errors import LedgerCorruptError
from quotakeeper.identifiers import new_id
from quotakeeper.stores.ledger_time import LAST_INSTANT
from quotakeeper.stores.postgres.connection import NotAtHandError
from quotakeeper.stores.postgres.dialect import texts
from quotakeeper.stores.postgres.driver import in_schema
from quotakeeper.stores.postgres.dsn import ServerAddress
from quotakeeper.stores.postgres.errors import is_lost
from quotakeeper.stores.postgres.guards import NotConditionalError
from quotakeeper.stores.postgres.owners import HostIdentity
from quotakeeper.stores.postgres.posting import (
    DONE,
    MismatchError,
    Posted,
    decided_again,
    parameters,
)
from quotakeeper.stores.postgres.server_clock import MOST_AHEAD
from quotakeeper.stores.postgres.server_watch import NO_DEMANDS, Demands
from quotakeeper.stores.postgres.state import PostgresState
from quotakeeper.stores.postgres.tentative import Tentative
from quotakeeper.stores.postgres.transactions import Batch, PostgresTransactions

_ROUNDS = 4


class ConditionalWrites(PostgresTransactions):
    """Commits batches under guards. Other batches are committed under the lock of the head row.

    A guard is a condition that the server checks at the commit. If all guards of a batch hold, the
    batch comes out as if it had been decided at the commit.
    """

    is_conditional = True

    def __init__(
        self, address: ServerAddress, zones: ZoneFinder, *, owner: str,
        identity: HostIdentity | None = None, demands: Demands = NO_DEMANDS,
    ) -> None:  # fmt: skip
        super().__init__(address, zones, owner=owner, identity=identity, demands=demands)
        self.ways: Counter[str] = (
            Counter()
        )  # counts of batches by way of commit, and of failed guards
        self._rules_version = -1
        self._ahead_us = 0  # by how much ledger time is ahead of this machine's clock
        self._clock_ahead_us = 0  # by how much the server's clock is ahead of it

    def _posted(
        self, commands: Sequence[Command], asked_at: int, batch: Batch[list[Outcomes]]
    ) -> list[Outcomes] | None:
        """Commit a batch under guards and return the outcomes; None if this failed or is unknown.

        The caller then commits the same `batch` under the lock. If it is unknown whether the first
        commit took place, the second one looks for the name of the batch.
        """
        for attempt in range(_ROUNDS):
            plan = self._plan(commands, asked_at, is_fresh=attempt > 0)
            if plan is None:
                break
            if not plan.entries and not plan.state.new_marks:
                self.ways["nothing to write"] += 1  # all was refused or repeated, on fresh data
                return plan.outcomes
            try:
                posted = self._sent(plan, asked_at, batch)
            except NotAtHandError:  # such as labels that are not in the ledger yet
                break
            if posted is None:
                break
            self._ahead_us = posted.now - asked_at
            if posted.now > posted.high_water:  # else the newest entry decided, and not the clock
                self._clock_ahead_us = self._ahead_us
            self._presence.hears(posted.recalls)
            if posted.state == DONE:
                self._watch.committed(posted.version, batch.id, posted.now)
                self.ways["conditional"] += 1
                return self._taken_in(commands, plan, posted)
            self.ways[f"guard: {posted.state}"] += 1
            if posted.state == "batch":
                # The request was carried out twice, and this is the second answer.
                batch.results[:] = [plan.outcomes]
                batch.is_unknown = True
                break
            if posted.state == "owner":  # the commit under the lock gives this process its row
                break
        self.ways["locked"] += 1
        return None

    def _plan(
        self, commands: Sequence[Command], asked_at: int, *, is_fresh: bool
    ) -> Tentative | None:
        def decide(state: PostgresState, at: int) -> Tentative | None:
            assert self._connection is not None
            head = self._connection.head
            self._ahead_us, self._rules_version = at - asked_at, head.account_version
            self._clock_ahead_us = head.now_at - asked_at
            state.prefetch(commands, at)
            return self._decided(state, commands, at, is_fresh=True)

        state = self._state
        if not is_fresh and state is not None and state.is_warm and self._rules_version >= 0:
            state.doubt = self._doubt or self._watch.doubt
            at = max(asked_at + self._ahead_us, state.high_water)
            with suppress(NotAtHandError):
                return self._decided(state, commands, at, is_fresh=False)
        return self._read(decide, asked_at)

    def _decided(
        self, state: PostgresState, commands: Sequence[Command], at: int, *, is_fresh: bool
    ) -> Tentative | None:
        """Return a batch decided at instant `at`; None if guards cannot express the decision.

        Raises NotAtHandError if rows must be fetched first and the data is not fresh.
        """
        try:
            if at >= LAST_INSTANT:
                raise NotConditionalError("the calendar ends")
            if self._clock_ahead_us > MOST_AHEAD:
                raise NotConditionalError("the server's clock is ahead")
            return Tentative(state, commands, at, is_fresh=is_fresh)
        except NotConditionalError as error:
            self.ways[f"not under guards: {error}"] += 1
            return None
        except NotAtHandError:
            if not is_fresh:
                raise
            return None

    def _sent(self, plan: Tentative, asked_at: int, batch: Batch[list[Outcomes]]) -> Posted | None:
        connection, base = self._connection, plan.state.base
        self._watch.check_durability()
        if connection is None or base is not self._state:
            return None
        known_version = self._watch.seen.position.version
        values = parameters(
            batch.id, self._presence.name, asked_at, self._rules_version, known_version, plan
        )
        try:
            rows = connection.post(in_schema(texts()["post"], self._address.schema), values)
            return Posted(rows)
        except self._errors() as error:
            self._drop()
            if is_lost(error):
                batch.results[:] = [plan.outcomes]
                batch.failed(True)
            return None

    def _taken_in(
        self, commands: Sequence[Command], plan: Tentative, posted: Posted
    ) -> list[Outcomes]:
        assert self._connection is not None
        self._connection.own_commits += 1
        try:
            return decided_again(plan.state.base, commands, plan, posted)
        except (
            NotAtHandError
        ):  # the batch is committed, but `remaining` and the like are a little older
            self._drop()
            self.ways["not decided again"] += 1
            return plan.outcomes
        except BaseException as error:
            self._drop()
            if isinstance(error, MismatchError):
                raise LedgerCorruptError(
                    self._address.name, "the server committed a batch with other values than "
                                        "quotakeeper computed",
                    "run: quotakeeper verify; and report this",
                ) from error  # fmt: skip
            raise

    def _new_batch(self, asked_at: int) -> Batch[list[Outcomes]]:
        return Batch(new_id(asked_at))
