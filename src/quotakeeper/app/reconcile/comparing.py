"""Compares the ledger with a provider's account: by request, or by day and model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta, tzinfo
from typing import TYPE_CHECKING

from quotakeeper.app.reconcile.applying import apply_difference
from quotakeeper.app.reconcile.bills import BillDifference, BillTotals, compare_bill
from quotakeeper.app.reconcile.differences import Difference
from quotakeeper.app.reconcile.requests import Compared, RequestWindow, compare_requests
from quotakeeper.domain.forecasting.time_buckets import bucket_start, whole_buckets
from quotakeeper.domain.usage import UsageEvent
from quotakeeper.domain.windows import first_instant, moment
from quotakeeper.engine.retention import LEAST_DAYS
from quotakeeper.errors import InvalidInputError
from quotakeeper.providers.account_records import AccountRequest, BilledLine
from quotakeeper.value_classes import dataclass

if TYPE_CHECKING:
    from quotakeeper import Keeper

_DAY = 86_400 * 1_000_000


@dataclass(frozen=True, slots=True)
class ReconciledCall:
    """A difference, and the event that corrects it. `written` is None if nothing was written."""

    difference: Difference
    written: UsageEvent | None = None


def reconcile_requests(
    keeper: Keeper, provider: str, requests: Callable[[], Iterable[AccountRequest]],
    window: RequestWindow, sums: Compared, *, apply: bool = False,
) -> Iterator[ReconciledCall]:  # fmt: skip
    """Yield each difference as soon as it is certain. With `apply`, also write the certain corrections.

    The totals of the ledger and the account are added to `sums`. Raises InvalidInputError if
    compaction deleted calls of the compared time.
    """
    wide = window.widened()
    _need_single_calls(keeper, provider, wide.since, wide.until)
    events = keeper.events(wide.since, wide.until, provider=provider)

    def canonical(model: str) -> str:
        return keeper.prices.canonical_model(provider, model)

    def same_model(one: str, other: str) -> bool:
        return canonical(one) == canonical(other)

    for difference in compare_requests(provider, requests(), events, window, same_model, sums):
        written = apply_difference(keeper, provider, difference) if apply else None
        if written is not None:
            sums.here.exchange(difference.event, written)
        yield ReconciledCall(difference, written)


def reconcile_bill(
    keeper: Keeper, provider: str, lines: Iterable[BilledLine], zone: tzinfo,
    span: tuple[int | None, int | None], totals: BillTotals,
) -> list[BillDifference]:  # fmt: skip
    """Return every difference by day (in `zone`) and model. The totals of both sides are added to
    `totals`.

    `span` is `[since, until)` in microseconds since 1970 UTC. None means the start or the end of
    the bill. Raises InvalidInputError if compaction deleted calls of the compared time.
    """
    since, until = span
    days = (
        None if since is None else moment(since, zone).date(),
        None if until is None else moment(until - 1, zone).date(),
    )

    def events(first: date | None, last: date | None) -> Iterator[UsageEvent]:
        start = None if first is None else first_instant(zone, first)
        end = None if last is None else first_instant(zone, last + timedelta(days=1))
        _need_single_calls(keeper, provider, start, end)
        booked: Iterator[UsageEvent] = keeper.events(start, end, provider=provider)
        return booked

    return compare_bill(lines, events, zone, days, totals)


def _need_single_calls(keeper: Keeper, provider: str, since: int | None, until: int | None) -> None:
    """Raise InvalidInputError if compaction deleted calls in `[since, until)`.

    The comparison would report the deleted calls as missing.
    """
    if since is not None and since >= keeper.now() - LEAST_DAYS * _DAY:
        return
    start, end = whole_buckets(since, until)
    missing: Counter[int] = Counter()
    for bucket in keeper.slots(start, end):
        if bucket.labels.provider == provider:
            missing[bucket.bucket_at] += bucket.calls
    for event in keeper.events(start, end, provider=provider):
        missing[bucket_start(event.at)] -= 1
    gone = [bucket_at for bucket_at, calls in missing.items() if calls > 0]
    if gone:
        day = moment(max(gone), keeper.zone).date() + timedelta(days=1)
        raise InvalidInputError(
            "--since", f"the individual calls before {day} were deleted when the ledger was "
                       "compacted",
            f"give --since {day} or later",
        )  # fmt: skip
