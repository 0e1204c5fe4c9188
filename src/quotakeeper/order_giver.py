"""Orders to every process on the ledger: pauses, raised limits, credit, and clock decisions."""

from __future__ import annotations

from typing import Any

from quotakeeper.domain.ledger.setting_back import SetBack
from quotakeeper.domain.pauses import CallPause
from quotakeeper.engine.assembly import Engine
from quotakeeper.engine.worker.steps import arun, run


class OrderGiver:
    """The orders of a Keeper. Each order writes a journal entry with the person (`by`) and the
    reason (`why`)."""

    _engine: Engine

    def pause(
        self, provider: str = "", *, why: str, for_seconds: float | None = None,
        by: str | None = None,
    ) -> CallPause:  # fmt: skip
        """Stop the calls of every process on the ledger, to one provider or to all.

        From now on, `reserve` and `grow` raise PausedError. A process that admits calls on leases
        follows within a second. Calls under way may be settled, and `record` is never refused. The
        pause ends after `for_seconds`. If `for_seconds` is None, the pause ends when `resume` is
        called. A journal entry has `why` and `by`, which is user@host unless given. Raises
        InvalidInputError, or a LedgerError.
        """
        steps = self._engine.orders.pause(why, provider, for_seconds, by)
        return run(self._engine.worker, steps)

    async def apause(
        self, provider: str = "", *, why: str, for_seconds: float | None = None,
        by: str | None = None,
    ) -> CallPause:  # fmt: skip
        """Awaitable form of `pause`."""
        steps = self._engine.orders.pause(why, provider, for_seconds, by)
        return await arun(self._engine.worker, steps)

    def resume(
        self, provider: str = "", *, why: str = "", by: str | None = None
    ) -> tuple[CallPause, ...]:
        """End the pause of a provider, or every pause. Returns the pauses that were in force."""
        return run(self._engine.worker, self._engine.orders.resume(why, provider, by))

    async def aresume(
        self, provider: str = "", *, why: str = "", by: str | None = None
    ) -> tuple[CallPause, ...]:
        """Awaitable form of `resume`."""
        return await arun(self._engine.worker, self._engine.orders.resume(why, provider, by))

    def raise_limit(
        self, name: str, *, to: Any, for_seconds: float, why: str, by: str | None = None
    ) -> int:
        """Raise the amount of a limit for `for_seconds`, in every process on the ledger.

        `to` is the new amount, in the unit of the limit. For a limit per label, `name` can name the
        limit of one label value: "each [user=lan]". Writes a journal entry, as `pause` does.
        Returns the instant when the raise ends, in microseconds since 1970 UTC. Raises
        InvalidInputError, or a LedgerError.
        """
        steps = self._engine.orders.raise_limit(name, to, for_seconds, why, by)
        return run(self._engine.worker, steps)

    async def araise_limit(
        self, name: str, *, to: Any, for_seconds: float, why: str, by: str | None = None
    ) -> int:
        """Awaitable form of `raise_limit`."""
        steps = self._engine.orders.raise_limit(name, to, for_seconds, why, by)
        return await arun(self._engine.worker, steps)

    def top_up(
        self, name: str, amount: Any, *, expires_at: int | None = None, why: str = "",
        by: str | None = None,
    ) -> int:  # fmt: skip
        """Add credit to a limit whose window is "none". Returns the limit's new balance, in base
        units.

        `amount` is in the unit of the limit. The part that is not used expires at `expires_at`, in
        microseconds since 1970 UTC. Of several top-ups, the one that expires first is used first.
        Writes a journal entry, as `pause` does. Raises InvalidInputError, or a LedgerError.
        """
        steps = self._engine.orders.top_up(name, amount, expires_at, why, by)
        return run(self._engine.worker, steps)

    async def atop_up(
        self, name: str, amount: Any, *, expires_at: int | None = None, why: str = "",
        by: str | None = None,
    ) -> int:  # fmt: skip
        """Awaitable form of `top_up`."""
        steps = self._engine.orders.top_up(name, amount, expires_at, why, by)
        return await arun(self._engine.worker, steps)

    def accept_clock(self, *, why: str = "", by: str | None = None) -> int:
        """Confirm for every process that this machine's clock is right although it jumped ahead.

        Returns how many microseconds the clock was ahead. If the result is at most
        `clock_jump_seconds`, nothing is written. Otherwise a journal entry is written, as in
        `pause`, and hard limits admit calls again. Raises InvalidInputError, or a LedgerError.
        """
        return run(self._engine.worker, self._engine.orders.accept_clock(why, by))

    async def aaccept_clock(self, *, why: str = "", by: str | None = None) -> int:
        """Awaitable form of `accept_clock`."""
        return await arun(self._engine.worker, self._engine.orders.accept_clock(why, by))

    def repair_clock(self, *, apply: bool = False, why: str = "", by: str | None = None) -> SetBack:
        """Move the ledger back to the present after a wrong clock moved it ahead.

        Entries that are later than now are moved to now. They count in the current periods, and no
        call is lost. Without `apply`, nothing is changed, and the result says what would change.
        `ahead` in the result is how far the ledger is ahead, in microseconds. If `ahead` is at most
        `clock_jump_seconds`, nothing is changed either.

        Before the change, a ledger file is copied to the path `backup` in the result. The change
        writes a journal entry. Raises InvalidInputError while the clock itself is in doubt, and
        while another process holds leases. Raises LedgerError.
        """
        steps = self._engine.orders.repair_clock(apply=apply, why=why, by=by)
        return run(self._engine.worker, steps)

    async def arepair_clock(
        self, *, apply: bool = False, why: str = "", by: str | None = None
    ) -> SetBack:
        """Awaitable form of `repair_clock`."""
        steps = self._engine.orders.repair_clock(apply=apply, why=why, by=by)
        return await arun(self._engine.worker, steps)
