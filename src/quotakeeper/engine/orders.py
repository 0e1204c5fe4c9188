"""The orders of a keeper: pause and resume calls, raise limits, add credit, confirm or repair
clocks."""

from __future__ import annotations

from quotakeeper.domain.ledger.notices import family_key
from quotakeeper.domain.ledger.order_commands import (
    Ordered,
    PauseCalls,
    RaiseLimit,
    ResumeCalls,
    TopUp,
)
from quotakeeper.domain.ledger.reservations import process_of
from quotakeeper.domain.ledger.setting_back import SetBack
from quotakeeper.domain.limits import Limit
from quotakeeper.domain.money import parse_decimal
from quotakeeper.domain.numbers import times
from quotakeeper.domain.pauses import CallPause
from quotakeeper.domain.ports import Store
from quotakeeper.domain.units import amount_from_units, check_whole, units_text
from quotakeeper.domain.usage import check_label
from quotakeeper.domain.windows import FOREVER, SECOND
from quotakeeper.engine.outcomes import raise_if_failed
from quotakeeper.engine.parts import EngineParts
from quotakeeper.engine.worker.steps import AskWorker, Steps
from quotakeeper.engine.worker.steps import Pause as Rest
from quotakeeper.errors import InvalidInputError
from quotakeeper.identifiers import user_at_host

# A process that starts to lease in the same tick of the file system's clock does not see the recall
# sign (see RecallFile). So the sign is written twice.
_SIGN_AGAIN_SECONDS = 0.05


class Orders:
    """Writes orders that apply to every process on the ledger."""

    def __init__(self, parts: EngineParts, limits: tuple[Limit, ...]) -> None:
        self._parts = parts
        self.limits = limits

    def pause(
        self, why: str, provider: str, for_seconds: object, by: str | None
    ) -> Steps[CallPause]:
        """Pause calls, and recall all leases. Raises InvalidInputError, LedgerError.

        See Keeper.pause. All methods of this class return steps for `run` or `arun`.
        """
        for_us = None if for_seconds is None else _microseconds(for_seconds)
        command = PauseCalls(_provider(provider), check_label(why, "why"), _who(by), for_us)
        outcome = yield command
        raise_if_failed(outcome)
        assert isinstance(outcome, Ordered) and outcome.entry is not None
        recalls = self._parts.recalls
        if (yield AskWorker(recalls.call_back_all)):
            yield Rest(self._parts.clock, _SIGN_AGAIN_SECONDS)
            yield AskWorker(recalls.call_back_all)
        notice = outcome.entry.notice
        assert notice is not None
        return CallPause(notice.subject, outcome.entry.at, notice.until, notice.why, notice.by)

    def resume(self, why: str, provider: str, by: str | None) -> Steps[tuple[CallPause, ...]]:
        """End pauses. Returns the pauses that were in force. Raises InvalidInputError,
        LedgerError."""
        why = check_label(why, "why", empty=True)
        outcome = yield ResumeCalls(_provider(provider), why, _who(by))
        raise_if_failed(outcome)
        assert isinstance(outcome, Ordered)
        return outcome.ended

    def raise_limit(
        self, name: str, to: object, for_seconds: object, why: str, by: str | None
    ) -> Steps[int]:
        """Raise the amount of a limit for `for_seconds`.

        Returns the instant when the raise ends, in microseconds since 1970 UTC. Raises
        InvalidInputError, LedgerError.
        """
        limit = self._named(name)
        amount = amount_from_units(to, limit.meter_info, "to")
        if amount <= limit.amount:
            has = f"{units_text(limit.amount, limit.meter_info)} {limit.meter_info.unit}"
            raise InvalidInputError(
                "to", f"is not above {has}, the amount of limit {limit.name!r}",
                "to lower a limit, use: quotakeeper limits set",
            )  # fmt: skip
        outcome = yield RaiseLimit(
            limit.name, family_key(limit), amount, _microseconds(for_seconds),
            check_label(why, "why"), _who(by),
        )  # fmt: skip
        raise_if_failed(outcome)
        assert isinstance(outcome, Ordered) and outcome.entry is not None
        assert outcome.entry.notice is not None and outcome.entry.notice.until is not None
        return outcome.entry.notice.until

    def top_up(
        self, name: str, amount: object, expires_at: object, why: str, by: str | None
    ) -> Steps[int]:
        """Add credit to a prepaid limit. Returns the remaining amount of the limit, in base units.

        Raises InvalidInputError, LedgerError.
        """
        limit = self._named(name)
        if limit.is_rule:
            example = f"{limit.name} [{limit.per}=VALUE]"
            raise InvalidInputError(
                "name", f"limit {limit.name!r} has a balance for each {limit.per}",
                f"name one: {example!r}",
            )  # fmt: skip
        until = None if expires_at is None else check_whole(expires_at, "expires_at", most=FOREVER)
        paid = amount_from_units(amount, limit.meter_info, "amount")
        why = check_label(why, "why", empty=True)
        outcome = yield TopUp(limit.name, limit.account, paid, until, why, _who(by))
        raise_if_failed(outcome)

        def left(store: Store, now: int) -> int:
            (verdict,) = store.verdicts((limit,), now)
            return verdict.remaining

        remaining: int = yield AskWorker(left)
        return remaining

    def accept_clock(self, why: str, by: str | None) -> Steps[int]:
        """Confirm that the machine's clock is right. Returns how many microseconds the clock was
        ahead.

        Raises InvalidInputError, LedgerError.
        """
        why, by = check_label(why, "why", empty=True), _who(by)
        clock = self._parts.ledger_clock
        if not clock.can_tell:
            raise InvalidInputError(
                "clock",
                "this system has no clock that counts the time since boot, so a jump cannot be "
                "detected",
                "quotakeeper trusts the clock of such a system; there is nothing to confirm",
            )
        ahead: int = yield AskWorker(lambda store, now: clock.accept(store, by, why))
        return ahead

    def repair_clock(self, *, apply: bool, why: str, by: str | None) -> Steps[SetBack]:
        """Move the ledger back to the present after a wrong clock moved it ahead.

        Without `apply`, only returns what would change. Raises InvalidInputError, LedgerError.
        """
        why, by = check_label(why, "why", empty=True), _who(by)
        clock = self._parts.ledger_clock

        def repair(store: Store, now: int) -> SetBack:
            if clock.doubt is not None:
                raise InvalidInputError("clock", "is not trusted now", clock.doubt.fix)
            found = store.set_back(now, by, why, only_look=True)
            if not apply or found.ahead <= clock.bound:
                return found
            for hold in store.holds():
                if hold.is_lease and process_of(hold.owner) != store.owner:
                    raise InvalidInputError(
                        "ledger", f"process {hold.owner.partition('-')[0]} holds leases of this "
                                  "ledger",
                        "end that process, or wait until its leases have expired; see: quotakeeper leases",
                    )  # fmt: skip
            done = store.set_back(now, by, why)
            clock.begin_anew(store)
            return done

        done: SetBack = yield AskWorker(repair)
        return done

    def _named(self, name: object) -> Limit:
        asked = check_label(name, "name")
        for limit in self.limits:
            if limit.name.casefold() == asked.casefold():
                return limit
            start, end = f"{limit.name} [{limit.per}=", "]"
            if limit.is_rule and asked.startswith(start) and asked.endswith(end):
                return limit.of_value(asked[len(start) : -len(end)])
        names = ", ".join(limit.name for limit in self.limits)
        raise InvalidInputError(
            "name", f"there is no limit {asked!r}", f"there are: {names or 'none'}"
        )


def _provider(name: object) -> str:
    return check_label(name, "provider", empty=True).lower()


def _who(by: str | None) -> str:
    return user_at_host() if by is None else check_label(by, "by", empty=True)


def _microseconds(seconds: object) -> int:
    number = parse_decimal(seconds, "for_seconds")
    if not 0 < number <= 366 * 86_400:
        raise InvalidInputError("for_seconds", f"{number} is out of range", "give up to 366 days")
    return max(1, int(times(number, SECOND)))
