"""Decides for how many calls a lease reserves at once, and how long a lease may be used.

The amount that a lease reserves at once is a block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from quotakeeper.clocks import Clock, zone_named
from quotakeeper.domain.decisions import Decision
from quotakeeper.domain.ledger.commands import Command, Denied, Grow, Reserve, Reserved
from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.domain.ledger.reservations import LEASE_PREFIX
from quotakeeper.domain.limits import Limit, Mode
from quotakeeper.domain.ports import LedgerReader, Store
from quotakeeper.domain.units import measure
from quotakeeper.domain.usage import CallLabels
from quotakeeper.domain.windows import SECOND, period_at
from quotakeeper.engine.journals.fence import Fence
from quotakeeper.engine.leases.lease import (
    FILE_TERM,
    Lease,
    LeaseTerm,
    Shape,
    block_of,
    most_calls,
)
from quotakeeper.identifiers import new_id

FEWEST_CALLS = 4  # a block for fewer calls is not worth two commits
_FIRST_CALLS, _MOST_CALLS = 32, 1_024
# A block that lasts less is too small, and one that lasts longer is too large: in seconds, and in
# times of what the ledger took to grant it.
_SOON_SECONDS, _LATE_SECONDS = 0.1, 0.5
_SOON_GRANTS, _LATE_GRANTS = 4, 20
_SHORTEST_US = SECOND // 10
_SHORTEST_ROLLING_SECONDS = 10
_OFTEN_SECONDS = 1.0
_MOST_LABELS = 10_000

Have = Callable[[Lease, Figures, Decision], None]


class BlockSizing:
    """Requests leases from the ledger. `calls` is the number of calls per block.

    With None, the number adapts to how fast blocks are used up. A block takes at most a quarter of
    the remaining amount of each hard limit. So blocks become smaller as a limit is used, and stop
    before it is used up.
    """

    def __init__(self, calls: int | None, boot: str, term: LeaseTerm = FILE_TERM) -> None:
        self.term = term
        self._calls = calls
        self._boot = boot
        self._asked: dict[CallLabels, float] = {}

    def block(
        self, store: Store, clock: Clock, shape: Shape, lease: Lease | None, have: Have,
        fence: Fence | None = None,
    ) -> Lease | None:  # fmt: skip
        """Reserve a new block for `lease`, or for a new lease. Returns the lease; None if no block
        is granted.

        `have` is called with the lease, the block and the decision as soon as the block is
        reserved.
        """
        behind = None if fence is None else (fence, fence.token)  # see Fence.token
        now, monotonic = clock.now(), clock.monotonic()
        limits = shape.call.limits
        if lease is None and not self._is_worth_it(shape, now, monotonic):
            return None
        wanted = self._wanted(lease, monotonic)
        calls = min(wanted, most_calls(shape.figures), *_quarters(store, shape, now))
        while calls >= FEWEST_CALLS:
            block = block_of(shape.figures, calls)
            outcome = store.apply([self._command(store, shape, block, lease, now)], now)[0]
            if isinstance(outcome, Reserved):
                if lease is None:
                    hold = outcome.hold
                    left_us = ends_in(limits, hold.at)
                    lease = Lease(hold, now, monotonic, left_us, behind, self.term)
                lease.calls, lease.granted_at = calls, clock.monotonic()
                lease.used_up_at = 0.0
                lease.asked_seconds = lease.granted_at - monotonic
                lease.granted_for, lease.taken_before = shape, lease.taken
                have(lease, block, outcome.decision)
                return lease
            if not isinstance(outcome, Denied):  # the lease has ended, or the figures are not valid
                if lease is not None:
                    lease.room.close()
                return None
            calls //= 4  # other processes were faster
        return None

    def _command(
        self, store: Store, shape: Shape, block: Figures, lease: Lease | None, now: int
    ) -> Command:
        limits = shape.call.limits
        if lease is not None:
            return Grow(lease.id, block, limits)
        lease_id = f"{LEASE_PREFIX}{new_id(now)}:{self._boot}"
        ttl_us = int(self.term.seconds * SECOND)
        return Reserve(lease_id, shape.call.labels, block, limits, store.owner, ttl_us)

    def _is_worth_it(self, shape: Shape, now: int, monotonic: float) -> bool:
        if ends_in(shape.call.limits, now) < _SHORTEST_US:
            return False
        if self._calls is not None:
            return True
        # A single call costs more with a lease than without.
        if len(self._asked) > _MOST_LABELS:
            self._asked.clear()
        labels = shape.call.labels
        before, self._asked[labels] = self._asked.get(labels), monotonic
        return before is not None and monotonic - before <= _OFTEN_SECONDS

    def _wanted(self, lease: Lease | None, monotonic: float) -> int:
        if self._calls is not None:
            return self._calls
        if lease is None:
            return _FIRST_CALLS
        lasted = (lease.used_up_at or monotonic) - lease.granted_at
        took = lease.asked_seconds
        if lasted < max(_SOON_SECONDS, _SOON_GRANTS * took):
            return min(2 * lease.calls, _MOST_CALLS)
        is_late = lasted > max(_LATE_SECONDS, _LATE_GRANTS * took)
        return max(lease.calls // 2, FEWEST_CALLS) if is_late else lease.calls


def _quarters(store: LedgerReader, shape: Shape, now: int) -> Iterator[int]:
    """For each hard limit, yield the number of calls that fit in a quarter of its remaining
    amount."""
    hard = [limit for limit in shape.call.limits if limit.mode is Mode.HARD]
    for verdict in store.verdicts(hard, now):
        figures = shape.figures
        asked = measure(verdict.limit.account_meter, figures.quantities, figures.cost_pico)
        if asked:
            yield verdict.remaining // (4 * asked)


def ends_in(limits: Sequence[Limit], at: int) -> int:
    """Return how long a lease may be used from `at`, in microseconds.

    A call counts in the calendar periods of its lease, so a lease ends when the first of these
    periods ends. In a rolling window, the reservation of a lease stops counting after the window's
    length. So a lease is used for a quarter of this length. A window below 10 seconds allows no
    lease, because a busy ledger may need that long to book a call.
    """
    left = [30 * 86_400 * SECOND]
    for limit in limits:
        if limit.window.is_rolling:
            seconds = limit.window.seconds
            left.append(seconds * SECOND // 4 if seconds >= _SHORTEST_ROLLING_SECONDS else 0)
        else:
            left.append(period_at(limit.window, zone_named(limit.timezone), at).end_at - at)
    return min(left)
