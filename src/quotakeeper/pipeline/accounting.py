"""Reserves every attempt of a paid call before it is sent, and settles the attempt afterwards.

`LedgerAccounting` writes attempts to the ledger. `NoAccounting` is for `--no-tracking`. Both also
add up the usage of the run. If `TokenCalculator` fails, the run shows these sums.
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
    """A call before it is sent. `upper_bound` maps a quantity to the most that the call can use of
    it.

    `price_options` are the options that change the price, such as the language.
    """

    provider: str
    model: str
    operation: str
    upper_bound: Mapping[str, int]
    timeout_seconds: float
    price_options: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class AttemptTotals:
    """The usage of this run, to show if `TokenCalculator` fails.

    `attempts` maps a provider to its number of attempts. `quantities` maps a meter to its sum in
    base units.
    """

    attempts: dict[str, int] = field(default_factory=dict)
    quantities: dict[str, int] = field(default_factory=dict)

    def add(self, provider: str, quantities: Mapping[str, int]) -> None:
        """Add the usage of one attempt."""
        self.attempts[provider] = self.attempts.get(provider, 0) + 1
        for key, amount in quantities.items():
            meter = key.partition("@")[0]
            self.quantities[meter] = self.quantities.get(meter, 0) + amount


class OpenAttempt(Protocol):
    """One attempt to make a call. It is open until it is settled or released."""

    def mark_sent(self) -> None:
        """Record that the request is about to be sent. After this, the provider may charge for the
        request."""

    def settle(
        self, quantities: Mapping[str, int], *, provenance: str, model_served: str = ""
    ) -> None:
        """Settle the attempt at these quantities, after a reply of the provider."""

    def refused(self) -> None:
        """Settle the attempt after an error reply: it counts as one request without tokens."""

    def release(self) -> None:
        """Release the reservation, because the request was never sent."""


class CallAccounting(Protocol):
    """Reserves and settles the attempts of a run."""

    totals: AttemptTotals

    def attempt(self, plan: CallPlan) -> AbstractContextManager[OpenAttempt]:
        """Reserve one attempt for the `with` block.

        If the block raises an exception after `mark_sent`, the upper bound of the attempt counts as
        used, marked `assumed`.
        """

    def begin_job(self, labels: JobLabels) -> None:
        """Add the labels of a media file to all following calls."""

    def check(self, plan: CallPlan) -> None:
        """Raise LimitReachedError if the call in `plan` would be refused now. Reserves nothing."""

    def note_quotas(self, plan: CallPlan, quotas: Sequence[QuotaReading]) -> None:
        """Store the provider quotas that a reply to the call in `plan` named."""


class _UntrackedAttempt:
    def __init__(self, totals: AttemptTotals, provider: str) -> None:
        self._totals, self._provider = totals, provider

    def mark_sent(self) -> None:
        """Do nothing: no reservation exists."""

    def settle(
        self, quantities: Mapping[str, int], *, provenance: str, model_served: str = ""
    ) -> None:
        """Add the quantities to the sums of the run. Writes nothing to a ledger."""
        self._totals.add(self._provider, quantities)

    def refused(self) -> None:
        """Add one request to the sums of the run. Writes nothing to a ledger."""
        self._totals.add(self._provider, {"requests": 1})

    def release(self) -> None:
        """Do nothing: no reservation exists."""


class NoAccounting:
    """Accounting for `--no-tracking`: reserves nothing and refuses nothing."""

    def __init__(self) -> None:
        self.totals = AttemptTotals()

    @contextmanager
    def attempt(self, plan: CallPlan) -> Iterator[OpenAttempt]:
        """Admit the attempt without a reservation."""
        yield _UntrackedAttempt(self.totals, plan.provider)

    def begin_job(self, labels: JobLabels) -> None:
        """Do nothing: no call is labelled."""

    def check(self, plan: CallPlan) -> None:
        """Do nothing: no call is refused."""

    def note_quotas(self, plan: CallPlan, quotas: Sequence[QuotaReading]) -> None:
        """Do nothing: no quota is stored."""


class _LedgerAttempt:
    def __init__(self, reservation: Reservation, clock: Clock) -> None:
        self._reservation, self._clock = reservation, clock
        self._started = clock.monotonic()

    def mark_sent(self) -> None:
        """Write to the ledger that the request is about to be sent.

        If the program crashes after this, the reserved amount counts as used.
        """
        self._reservation.mark_sent()

    def settle(
        self, quantities: Mapping[str, int], *, provenance: str, model_served: str = ""
    ) -> None:
        """Settle the attempt at the usage in the reply."""
        self._end(quantities, provenance=provenance, model_served=model_served, outcome="ok")

    def refused(self) -> None:
        """Settle the attempt: it counts as one request without tokens.

        Providers count a refused request but do not charge for it.
        """
        self._end({"requests": 1}, provenance="reported", model_served="", outcome="error")

    def release(self) -> None:
        """Release the whole reservation, because the request was never sent."""
        self._reservation.release()

    def _end(self, quantities: Mapping[str, int], **facts: str) -> None:
        took_ms = max(0, round((self._clock.monotonic() - self._started) * 1000))
        self._reservation.settle(quantities=dict(quantities), duration_ms=took_ms, **facts)


class LedgerAccounting:
    """Reserves and settles attempts in the ledger of a Keeper.

    `note_event` is called with each event that is booked here. `TokenCalculator` uses this to add
    each event to its summary exactly once.
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
        """Label the following calls with the media file, and with its length as soon as the length
        is known."""
        self._job = labels

    @contextmanager
    def attempt(self, plan: CallPlan) -> Iterator[OpenAttempt]:
        """Reserve the upper bound of one attempt. Raises LimitReachedError if a limit refuses the
        attempt."""
        with pipeline_errors():
            reservation = self._keeper.reserve(
                plan.provider,
                # Longer than the request can take; otherwise the reservation would expire during
                # the call.
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
        """Raise LimitReachedError if a limit or a pause would refuse the call. Reserves nothing.

        Errors of the ledger are ignored here, because `attempt` raises them.
        """
        try:
            decision = self._keeper.check(plan.provider, **self._labels_and_bounds(plan))
        except QuotakeeperError:
            return
        if decision.pause is not None:
            raise pause_error(PausedError(decision))
        if not decision.allowed:
            raise limit_error(decision)

    def note_quotas(self, plan: CallPlan, quotas: Sequence[QuotaReading]) -> None:
        """Store the quotas, so that `status` shows them beside the limits."""
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
    """Convert a refusal to LimitReachedError. Times in its text are in the limit's time zone."""
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
    """Convert PausedError to LimitReachedError. `resets_at` is the end of the pause, or 0 if it has
    no end."""
    return LimitReachedError(str(error), resets_at=error.until or 0)


@contextmanager
def pipeline_errors() -> Iterator[None]:
    """Convert ledger errors inside the `with` block to LimitReachedError or SetupError."""
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
