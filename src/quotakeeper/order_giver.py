"""The orders of a keeper to every process on its ledger: pause, resume, raise a limit, pay credit in,
trust a clock."""

from __future__ import annotations

from typing import Any

from quotakeeper.domain.ledger.setting_back import SetBack
from quotakeeper.domain.pauses import CallPause
from quotakeeper.engine.assembly import Engine
from quotakeeper.engine.worker.steps import arun, run


class OrderGiver:
    """What a Keeper can order. Each order is an entry of the journal, with who gave it and why."""

    _engine: Engine

    def pause(
        self, provider: str = "", *, why: str, for_seconds: float | None = None,
        by: str | None = None,
    ) -> CallPause:  # fmt: skip
        """Stop the calls of every process on the ledger: to a provider, or to all.

        `reserve` and `grow` raise PausedError from then on, within a second also where calls are
        admitted on leases. Calls under way may be settled, and `record` is never refused. Lapses
        after `for_seconds`, else holds until `resume`. It is an entry of the journal with `why` and
        `by`, which is user@host unless given. Raises InvalidInputError, or a LedgerError.
        """
        steps = self._engine.orders.pause(why, provider, for_seconds, by)
        return run(self._engine.worker, steps)

    async def apause(
        self, provider: str = "", *, why: str, for_seconds: float | None = None,
        by: str | None = None,
    ) -> CallPause:  # fmt: skip
        """`pause`, awaited."""
        steps = self._engine.orders.pause(why, provider, for_seconds, by)
        return await arun(self._engine.worker, steps)

    def resume(
        self, provider: str = "", *, why: str = "", by: str | None = None
    ) -> tuple[CallPause, ...]:
        """End the pause of a provider, or every pause; gives those that were in force."""
        return run(self._engine.worker, self._engine.orders.resume(why, provider, by))

    async def aresume(
        self, provider: str = "", *, why: str = "", by: str | None = None
    ) -> tuple[CallPause, ...]:
        """`resume`, awaited."""
        return await arun(self._engine.worker, self._engine.orders.resume(why, provider, by))

    def raise_limit(
        self, name: str, *, to: Any, for_seconds: float, why: str, by: str | None = None
    ) -> int:
        """Give a limit a larger amount for a time, in every process on the ledger.

        `to` is in the unit of the limit; `name` may be that of one label value ("each [user=lan]").
        Lapses by itself; an entry of the journal, as `pause` is. Gives the instant that it lapses
        at, microseconds since 1970 UTC. Raises InvalidInputError, or a LedgerError.
        """
        steps = self._engine.orders.raise_limit(name, to, for_seconds, why, by)
        return run(self._engine.worker, steps)

    async def araise_limit(
        self, name: str, *, to: Any, for_seconds: float, why: str, by: str | None = None
    ) -> int:
        """`raise_limit`, awaited."""
        steps = self._engine.orders.raise_limit(name, to, for_seconds, why, by)
        return await arun(self._engine.worker, steps)

    def top_up(
        self, name: str, amount: Any, *, expires_at: int | None = None, why: str = "",
        by: str | None = None,
    ) -> int:  # fmt: skip
        """Pay credit into a limit whose window is "none"; gives its balance then, in base units.

        `amount` is in the unit of the limit. What is left of it lapses at `expires_at`,
        microseconds since 1970 UTC; of several top-ups the one that expires first is used first.
        An entry of the journal, as `pause` is. Raises InvalidInputError, or a LedgerError.
        """
        steps = self._engine.orders.top_up(name, amount, expires_at, why, by)
        return run(self._engine.worker, steps)

    async def atop_up(
        self, name: str, amount: Any, *, expires_at: int | None = None, why: str = "",
        by: str | None = None,
    ) -> int:  # fmt: skip
        """`top_up`, awaited."""
        steps = self._engine.orders.top_up(name, amount, expires_at, why, by)
        return await arun(self._engine.worker, steps)

    def accept_clock(self, *, why: str = "", by: str | None = None) -> int:
        """Say that the clock of this machine is right though it jumped ahead, for every process.

        Gives by how many microseconds it was ahead; where that was no more than
        `clock_jump_seconds`, nothing is written. Else it is an entry of the journal, as `pause` is,
        and hard limits admit calls again. Raises InvalidInputError, or a LedgerError.
        """
        return run(self._engine.worker, self._engine.orders.accept_clock(why, by))

    async def aaccept_clock(self, *, why: str = "", by: str | None = None) -> int:
        """`accept_clock`, awaited."""
        return await arun(self._engine.worker, self._engine.orders.accept_clock(why, by))

    def repair_clock(self, *, apply: bool = False, why: str = "", by: str | None = None) -> SetBack:
        """Set the ledger back to the present where a clock has carried it ahead.

        Entries of later instants are moved to now: they count in the periods under way, and no call
        is lost. Without `apply` nothing is changed, and the answer says what would be. Where the
        ledger is ahead by no more than `clock_jump_seconds` (`ahead`, microseconds), nothing is done
        either. A file is copied before (`backup`); what was done is an entry of the journal. Raises
        InvalidInputError while the clock is in doubt itself or another process has leases, or a
        LedgerError.
        """
        steps = self._engine.orders.repair_clock(apply=apply, why=why, by=by)
        return run(self._engine.worker, steps)

    async def arepair_clock(
        self, *, apply: bool = False, why: str = "", by: str | None = None
    ) -> SetBack:
        """`repair_clock`, awaited."""
        steps = self._engine.orders.repair_clock(apply=apply, why=why, by=by)
        return await arun(self._engine.worker, steps)
