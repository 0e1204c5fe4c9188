"""Reserves every attempt of a paid call before it is sent, and settles it afterwards.

`LedgerAccounting` writes attempts to the ledger; `NoAccounting` is for `--no-tracking`. Both add to
the totals of the run, which the fallback display shows when the calculator fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from quotakeeper.clocks import zone_named
from quotakeeper.errors import (
    ConfigError,
    LimitExceeded,
    PausedError,
    QuotakeeperError,
    RefusingDecision,
)
from quotakeeper.metering.quota_notes import note_quotas
from quotakeeper.pipeline.errors import LimitReachedError, SetupError
from quotakeeper.pipeline.job_labels import JobLabels
from quotakeeper.value_classes import dataclass, field

if TYPE_CHECKING:
    from quotakeeper import Keeper
    from quotakeeper.clocks import Clock
    from quotakeeper.domain.usage import UsageEvent
    from quotakeeper.engine.reservation import Reservation
    from quotakeeper.providers.contract import QuotaReading

EXIT_CONFIG = 78
_TTL_MARGIN_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class CallPlan:
    """One call before it is made: what it is, and an upper bound of what it can use."""

    provider: str
    model: str
    operation: str
    upper_bound: Mapping[str, int]
    timeout_seconds: float
    price_options: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class AttemptTotals:
    """What this run used, for the fallback display."""

    attempts: dict[str, int] = field(default_factory=dict)
    quantities: dict[str, int] = field(default_factory=dict)

    def add(self, provider: str, quantities: Mapping[str, int]) -> None:
        """Count one attempt."""
        self.attempts[provider] = self.attempts.get(provider, 0) + 1
        for key, amount in quantities.items():
            meter = key.partition("@")[0]
            self.quantities[meter] = self.quantities.get(meter, 0) + amount


class OpenAttempt(Protocol):
    """One attempt that has not ended yet."""

    def mark_sent(self) -> None:
        """The request is about to be sent; from now on the provider may charge for it."""

    def settle(
        self, quantities: Mapping[str, int], *, provenance: str, model_served: str = ""
    ) -> None:
        """The provider answered; these quantities were used."""

    def refused(self) -> None:
        """The provider answered with an error: only the request itself counts."""

    def release(self) -> None:
        """The request was never sent."""


class CallAccounting(Protocol):
    """Where attempts are reserved and settled."""

    totals: AttemptTotals

    def attempt(self, plan: CallPlan) -> AbstractContextManager[OpenAttempt]:
        """Reserve for one attempt; left by an exception, it is assumed if it was sent."""

    def begin_job(self, labels: JobLabels) -> None:
        """The calls from now on are for this media file."""

    def check(self, plan: CallPlan) -> None:
        """Raise LimitReachedError if such a call would not be admitted now; changes nothing."""

    def note_quotas(self, plan: CallPlan, quotas: Sequence[QuotaReading]) -> None:
        """A reply to such a call named these quotas of the provider."""


class _UntrackedAttempt:
    def __init__(self, totals: AttemptTotals, provider: str) -> None:
        self._totals, self._provider = totals, provider

    def mark_sent(self) -> None:
        """Nothing to book."""

    def settle(
        self, quantities: Mapping[str, int], *, provenance: str, model_served: str = ""
    ) -> None:
        """Only the run's own totals."""
        self._totals.add(self._provider, quantities)

    def refused(self) -> None:
        """Only the run's own totals."""
        self._totals.add(self._provider, {"requests": 1})

    def release(self) -> None:
        """Nothing to book."""


class NoAccounting:
    """Tracking is switched off: nothing is reserved, nothing is refused."""

    def __init__(self) -> None:
        self.totals = AttemptTotals()

    @contextmanager
    def attempt(self, plan: CallPlan) -> Iterator[OpenAttempt]:
        """Every attempt is admitted."""
        yield _UntrackedAttempt(self.totals, plan.provider)

    def begin_job(self, labels: JobLabels) -> None:
        """Nothing is labelled."""

    def check(self, plan: CallPlan) -> None:
        """Everything is admitted."""

    def note_quotas(self, plan: CallPlan, quotas: Sequence[QuotaReading]) -> None:
        """Nothing is kept."""


class _LedgerAttempt:
    def __init__(self, reservation: Reservation, clock: Clock) -> None:
        self._reservation, self._clock = reservation, clock
        self._started = clock.monotonic()

    def mark_sent(self) -> None:
        """Written down before the request leaves, so that a crash cannot lose it."""
        self._reservation.mark_sent()

    def settle(
        self, quantities: Mapping[str, int], *, provenance: str, model_served: str = ""
    ) -> None:
        """At what the reply says."""
        self._end(quantities, provenance=provenance, model_served=model_served, outcome="ok")

    def refused(self) -> None:
        """Providers count a refused request, and charge nothing for it."""
        self._end({"requests": 1}, provenance="reported", model_served="", outcome="error")

    def release(self) -> None:
        """The request was never sent; the whole reservation is released."""
        self._reservation.release()

    def _end(self, quantities: Mapping[str, int], **facts: str) -> None:
        took_ms = max(0, round((self._clock.monotonic() - self._started) * 1000))
        self._reservation.settle(quantities=dict(quantities), duration_ms=took_ms, **facts)


class LedgerAccounting:
    """Attempts are reserved, settled and assumed in a Keeper's ledger.

    `note_event` hears of every event booked here, so that the brief's calculator can add it to its
    summary of the run without counting it a second time.
    """

    def __init__(
        self,
        keeper: Keeper,
        clock: Clock,
        note_event: Callable[[UsageEvent], object],
        scope: Mapping[str, str] | None = None,
    ) -> None:
        self.totals = AttemptTotals()
        self._keeper = keeper
        self._clock = clock
        self._note_event = note_event
        self._scope = dict(scope or {})
        self._job = JobLabels()

    def begin_job(self, labels: JobLabels) -> None:
        """Label its calls with the file and, once it is known, with its length."""
        self._job = labels

    @contextmanager
    def attempt(self, plan: CallPlan) -> Iterator[OpenAttempt]:
        """Reserve the most it can use; LimitReachedError when that does not fit."""
        with pipeline_errors():
            reservation = self._keeper.reserve(
                plan.provider,
                # Longer than the request can take, or it would expire while still under way.
                ttl_seconds=plan.timeout_seconds + _TTL_MARGIN_SECONDS,
                **self._labels_and_bounds(plan),
            )
            try:
                with reservation:
                    yield _LedgerAttempt(reservation, self._clock)
            finally:
                if reservation.event is not None:
                    self.totals.add(plan.provider, reservation.event.quantities)
                    self._job.learn(reservation.event)
                    self._note_event(reservation.event)

    def check(self, plan: CallPlan) -> None:
        """Ask without reserving; a ledger that cannot answer is a matter for the reservation."""
        try:
            decision = self._keeper.check(plan.provider, **self._labels_and_bounds(plan))
        except QuotakeeperError:
            return
        if decision.pause is not None:
            raise pause_error(PausedError(decision))
        if not decision.allowed:
            raise limit_error(decision)

    def note_quotas(self, plan: CallPlan, quotas: Sequence[QuotaReading]) -> None:
        """They stand beside the limits in `status`."""
        note_quotas(self._keeper, plan.provider, plan.model, quotas)

    def _labels_and_bounds(self, plan: CallPlan) -> dict[str, Any]:
        return {
            "model": plan.model,
            "operation": plan.operation,
            "scope": self._job.added_to(self._scope),
            "options": dict(plan.price_options),
            "quantities": dict(plan.upper_bound),
        }


def limit_error(decision: RefusingDecision) -> LimitReachedError:
    """A refusal in the pipeline's own terms, with the times in the limit's zone."""
    if decision.doubt is not None:
        return LimitReachedError(decision.explain(), resets_at=0)
    verdict = decision.blocking
    zone = zone_named(verdict.limit.timezone)
    never_fits = [each for each in decision.refusing if each.asked > each.limit.amount]
    shown = never_fits[0] if never_fits else verdict
    return LimitReachedError(
        shown.explain(zone),
        resets_at=verdict.resets_at,
        zone=verdict.limit.timezone,
        never_fits=bool(never_fits),
    )


def pause_error(error: PausedError) -> LimitReachedError:
    """A pause in the pipeline's own terms: it stops, and goes on when the pause has lapsed."""
    return LimitReachedError(str(error), resets_at=error.until or 0)


@contextmanager
def pipeline_errors() -> Iterator[None]:
    """Turn the ledger's errors into LimitReachedError and SetupError."""
    try:
        yield
    except LimitExceeded as error:
        raise limit_error(error.decision) from None
    except PausedError as error:
        raise pause_error(error) from None
    except ConfigError as error:
        raise SetupError(str(error), exit_code=EXIT_CONFIG) from None
    except QuotakeeperError as error:
        raise SetupError("the quota ledger cannot be used: {why}", why=error) from None
